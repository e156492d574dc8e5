import type { Entrant } from '../contest/calls.ts';
import { titleOf } from '../contest/entrants.ts';
import { type Stage, threadSettings } from '../contest/stage.ts';
import type { Contender } from './contender.ts';

/** GFLOP/s and GB/s; null where nothing was measured. */
export interface StepCeiling {
  /** The fastest matrix product of any engine of this run on the same kind of device as ours. */
  readonly ceiling_gflops: number | null;
  readonly ceiling_of: string | null;
  /** The fastest of all engines of this run, native code among them. */
  readonly any_ceiling_gflops: number | null;
  readonly any_ceiling_of: string | null;
  readonly fma_gflops: number;
  readonly read_gbytes: number;
  /** Best product of each engine, and the size that it was best at; PyTorch with its best threads. */
  readonly matmul: Readonly<Record<string, Product | null>>;
}

export interface Product {
  readonly gflops: number;
  /** Of square matrices. */
  readonly size: number;
}

/** Of square matrices, whatever the preset: which one packing pays for most differs from engine to engine. */
const SIZES = [512, 1024, 2048, 4096];
/** A size that would take longer than this is left out, and with it those beyond; milliseconds. */
const PATIENCE_MS = 1000;
const SECONDS = 0.7;

/** What a whole step is held against: the fastest product of any engine in this run, beside what multiply-adds alone reach. */
export async function measureCeiling(
  stage: Stage,
  contenders: readonly Contender[],
  progress: (line: string) => void,
): Promise<StepCeiling> {
  const ours = contenders[0]?.entrant;
  if (ours === undefined) throw new Error('There is no device of ours.');
  progress('ceilings');
  const prober = await stage.start(ours);
  const { fma_gflops, read_gbytes } = await prober.call('probe', { device: ours.device });
  await prober.close();
  const found: { readonly entrant: Entrant; readonly product: Product | null }[] = [];
  for (const { entrant } of contenders) {
    if (entrant.dtype !== undefined) continue; // products are of float32; the same device is there without it
    const product = await bestProduct(stage, entrant);
    found.push({ entrant, product });
    if (product !== null) progress(`${titleOf(entrant)}: ${product.gflops.toFixed(1)} GFLOP/s`);
  }
  const same = fastest(found.filter(({ entrant }) => kind(entrant) === kind(ours)));
  const any = fastest(found);
  return {
    ceiling_gflops: same?.product.gflops ?? null,
    ceiling_of: same?.title ?? null,
    any_ceiling_gflops: any?.product.gflops ?? null,
    any_ceiling_of: any?.title ?? null,
    fma_gflops,
    read_gbytes,
    matmul: Object.fromEntries(found.map(({ entrant, product }) => [titleOf(entrant), product])),
  };
}

/** Over all sizes and, of PyTorch, all settings of threads. */
async function bestProduct(stage: Stage, entrant: Entrant): Promise<Product | null> {
  let best: Product | null = null;
  for (const threads of entrant.where === 'native' ? threadSettings() : [undefined]) {
    const actor = await stage.start(entrant, threads);
    try {
      let expected = 0;
      for (const size of SIZES) {
        if (expected > PATIENCE_MS) break;
        const shape = { m: size, n: size, k: size, transpose_a: false, transpose_b: false };
        const rate = await actor.call('matmul', { entrant, ...shape, seconds: SECONDS });
        if (rate === null) break;
        if (rate.gflops > (best?.gflops ?? 0)) best = { gflops: rate.gflops, size };
        expected = 8 * rate.median_ms;
      }
    } catch {
      // An engine that cannot, or not at this size: what it reached before counts.
    } finally {
      await actor.close();
    }
  }
  return best;
}

function fastest(found: readonly { readonly entrant: Entrant; readonly product: Product | null }[]) {
  let best: { readonly title: string; readonly product: Product } | null = null;
  for (const { entrant, product } of found) {
    if (product !== null && product.gflops > (best?.product.gflops ?? 0)) {
      best = { title: titleOf(entrant), product };
    }
  }
  return best;
}

/** Native code has wider registers than WebAssembly; a GPU is something else again. */
function kind({ engine, device }: Entrant): 'native' | 'gpu' | 'wasm' {
  return engine === 'pytorch' ? 'native' : /webgpu|webgl/.test(device) ? 'gpu' : 'wasm';
}
