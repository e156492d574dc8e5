import { wholeOption } from '../cli/arguments.ts';
import type { BenchOptions } from './bench.ts';
import type { Entrant, MatmulTask } from './contest/calls.ts';
import { ourEntrants, peerEntrants, titleOf } from './contest/entrants.ts';
import { Stage, threadSettings } from './contest/stage.ts';
import { benchOptions, oneOf } from './options.ts';
import { type BenchReport, machine } from './report.ts';
import { PRESETS } from './workload/workload.ts';

export const usage =
  'matmul [--device D[,D]] [--in chromium|node] [--against PEER,...] [--sizes N[,N]] [--shapes] [--seconds N]';

/** Matrix products in the three layouts that training needs, beside the probes of what the machine can do at all. */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const values = benchOptions(args, {
    device: { type: 'string', default: 'wasm' },
    in: { type: 'string', default: 'node' },
    against: { type: 'string' },
    sizes: { type: 'string', default: '256,512,1024' },
    shapes: { type: 'boolean', default: false },
    seconds: { type: 'string' },
  });
  const where = oneOf('--in', values.in, ['chromium', 'node'] as const);
  const seconds = wholeOption('--seconds', values.seconds, 1) ?? 1;
  const tasks = [...squares(values.sizes), ...(values.shapes ? presetShapes() : [])];
  const entrants = [...ourEntrants(values.device, where), ...peerEntrants(values.against, where)];
  const stage = new Stage();
  try {
    const results: Record<string, unknown>[] = [];
    for (const entrant of entrants) {
      progress(titleOf(entrant));
      results.push(...(await measure(stage, entrant, tasks, seconds)));
    }
    const facts: Record<string, unknown> = {};
    for (const entrant of entrants.filter(({ engine }) => engine === 'anneal')) {
      const actor = await stage.start(entrant);
      facts[entrant.device] = {
        ...(await actor.call('probe', { device: entrant.device })),
        own: await actor.call('ceilings', { entrant }),
      };
      await actor.close();
    }
    return { name: 'matmul', machine: machine(), results, bars: [], facts };
  } finally {
    await stage.close();
  }
}

type Shape = Omit<MatmulTask, 'entrant' | 'seconds'> & { readonly of: string };

function squares(sizes: string): readonly Shape[] {
  return sizes.split(',').map((text) => {
    const size = wholeOption('--sizes', text, 1) ?? 0;
    return { of: 'square', m: size, n: size, k: size, transpose_a: false, transpose_b: false };
  });
}

/** Of a Conv1D layer y = x W, with R rows: y [R, N] = x W, dx = dy W^T, dW = x^T dy. */
function presetShapes(): readonly Shape[] {
  return (['small', 'medium'] as const).flatMap((preset) => {
    const { batch, context, width } = PRESETS[preset];
    const rows = batch * context;
    return [3 * width, width, 4 * width].flatMap((n) => [
      { of: `${preset} y`, m: rows, n, k: width, transpose_a: false, transpose_b: false },
      { of: `${preset} dx`, m: rows, n: width, k: n, transpose_a: false, transpose_b: true },
      { of: `${preset} dW`, m: width, n, k: rows, transpose_a: true, transpose_b: false },
    ]);
  });
}

/** PyTorch: the best setting of threads for each shape. */
async function measure(
  stage: Stage,
  entrant: Entrant,
  shapes: readonly Shape[],
  seconds: number,
): Promise<readonly Record<string, unknown>[]> {
  const settings = entrant.where === 'native' ? threadSettings() : [{ omp: 1, blas: 1 }];
  const rows = shapes.map(({ of, ...shape }) => {
    const layout = `${shape.transpose_a ? 'T' : 'N'}${shape.transpose_b ? 'T' : 'N'}`;
    return { ...entrant, of, m: shape.m, n: shape.n, k: shape.k, layout, gflops: null as number | null };
  });
  for (const threads of settings) {
    const actor = await stage.start(entrant, threads);
    try {
      for (const [i, { of: _, ...shape }] of shapes.entries()) {
        const row = rows[i];
        const gflops = await actor.call('matmul', { entrant, ...shape, seconds });
        if (row !== undefined && gflops !== null) row.gflops = Math.max(row.gflops ?? 0, gflops);
      }
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown);
      return [{ ...entrant, gflops: null, failed: why }];
    } finally {
      await actor.close();
    }
  }
  return rows;
}
