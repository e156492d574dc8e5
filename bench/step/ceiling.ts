import type { Entrant } from '../contest/calls.ts';
import { titleOf } from '../contest/entrants.ts';
import type { Stage } from '../contest/stage.ts';
import type { Workload } from '../workload/workload.ts';
import type { Contender } from './contender.ts';

/** GFLOP/s and GB/s; null where nothing was measured. */
export interface StepCeiling {
  /** The fastest matrix product of any engine of this run on the same kind of device as ours. */
  readonly ceiling_gflops: number | null;
  readonly ceiling_of: string | null;
  readonly fma_gflops: number;
  readonly read_gbytes: number;
  /** Best product of each engine, PyTorch's beside them. */
  readonly matmul_gflops: Readonly<Record<string, number | null>>;
}

/** Products that packing pays for most. */
const SIZES = { small: 512, medium: 1024, gpu: 4096 } as const;

/** What a whole step is held against: the fastest product of any engine in this run, beside what multiply-adds alone reach. */
export async function measureCeiling(
  stage: Stage,
  contenders: readonly Contender[],
  { preset }: Workload,
  progress: (line: string) => void,
): Promise<StepCeiling> {
  const ours = contenders[0]?.entrant;
  if (ours === undefined) throw new Error('There is no device of ours.');
  progress('ceilings');
  const prober = await stage.start(ours);
  const { fma_gflops, read_gbytes } = await prober.call('probe', { device: ours.device });
  await prober.close();
  const size = SIZES[preset];
  const gflops: Record<string, number | null> = {};
  let best: { readonly title: string; readonly value: number } | null = null;
  for (const { entrant } of contenders) {
    const title = titleOf(entrant);
    const actor = await stage.start(entrant, { omp: 2, blas: 2 });
    try {
      const shape = { m: size, n: size, k: size, transpose_a: false, transpose_b: false };
      const value = await actor.call('matmul', { entrant, ...shape, seconds: 2 });
      gflops[title] = value;
      if (value !== null && sameKind(entrant, ours) && value > (best?.value ?? 0)) best = { title, value };
    } catch {
      gflops[title] = null; // an engine without a product of its own
    } finally {
      await actor.close();
    }
  }
  return {
    ceiling_gflops: best?.value ?? null,
    ceiling_of: best?.title ?? null,
    fma_gflops,
    read_gbytes,
    matmul_gflops: gflops,
  };
}

/** Native code has wider registers than WebAssembly; a GPU is something else again. */
function sameKind(a: Entrant, b: Entrant): boolean {
  const kind = ({ engine, device }: Entrant) =>
    engine === 'pytorch' ? 'native' : /webgpu|webgl/.test(device) ? 'gpu' : 'wasm';
  return kind(a) === kind(b);
}
