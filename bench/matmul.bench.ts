import { wholeOption } from '../cli/arguments.ts';
import type { BenchOptions } from './bench.ts';
import type { Entrant, MatmulTask } from './contest/calls.ts';
import { ourEntrants, peerEntrants, titleOf } from './contest/entrants.ts';
import { Stage, threadSettings } from './contest/stage.ts';
import { benchOptions, oneOf } from './options.ts';
import { type Absent, type BenchReport, type EngineResult, engineResults } from './report.ts';
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
    const rows: Row[] = [];
    const absent: Absent[] = [];
    for (const entrant of entrants) {
      progress(titleOf(entrant));
      try {
        rows.push(...(await measure(stage, entrant, tasks, seconds)));
      } catch (thrown) {
        if (entrant.engine === 'anneal') throw thrown;
        const why = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
        absent.push({ ...entrant, preset: 'all', why });
      }
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
    return {
      name: 'matmul',
      machine: await stage.machine(),
      ...engineResults(rows),
      absent,
      bars: [],
      facts,
    };
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

type Row = EngineResult & { readonly of: string; readonly layout: string; readonly gflops: number };

/** PyTorch: the best setting of threads for each shape. An engine without products of its own has no rows. */
async function measure(
  stage: Stage,
  entrant: Entrant,
  shapes: readonly Shape[],
  seconds: number,
): Promise<readonly Row[]> {
  const settings = entrant.where === 'native' ? threadSettings() : [{ omp: 1, blas: 1 }];
  const best = new Map<Shape, Row>();
  for (const threads of settings) {
    const actor = await stage.start(entrant, threads);
    try {
      for (const shape of shapes) {
        const { of, ...product } = shape;
        const rate = await actor.call('matmul', { entrant, ...product, seconds });
        if (rate === null || rate.median_ms >= (best.get(shape)?.median_ms ?? Number.POSITIVE_INFINITY))
          continue;
        const layout = `${shape.transpose_a ? 'T' : 'N'}${shape.transpose_b ? 'T' : 'N'}`;
        const preset = `${shape.m}x${shape.n}x${shape.k} ${layout}`;
        best.set(shape, { ...entrant, preset, ...rate, of, layout });
      }
    } finally {
      await actor.close();
    }
  }
  return [...best.values()];
}
