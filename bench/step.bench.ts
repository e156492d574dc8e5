import { wholeOption } from '../cli/arguments.ts';
import type { BenchOptions } from './bench.ts';
import type { Where } from './contest/calls.ts';
import { ourEntrants, peerEntrants } from './contest/entrants.ts';
import { benchOptions, oneOf } from './options.ts';
import type { BenchReport } from './report.ts';
import { contestStep } from './step/contest.ts';
import { type ModelType, PRESETS, type Preset, workload } from './workload/workload.ts';

export const usage =
  'step [--preset small|medium|gpu] [--model gpt2|llama] [--device D[,D]] [--in chromium|node] [--against PEER,...] [--dtype float16] [--runs N] [--profile]';

/** One training step of ours and of others, the same model from the same weights over the same tokens. */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const values = benchOptions(args, {
    preset: { type: 'string', default: 'small' },
    model: { type: 'string', default: 'gpt2' },
    device: { type: 'string', default: 'wasm' },
    in: { type: 'string', default: 'node' },
    against: { type: 'string' },
    dtype: { type: 'string', default: 'float32' },
    runs: { type: 'string' },
    profile: { type: 'boolean', default: false },
  });
  const where = oneOf<Exclude<Where, 'native'>>('--in', values.in, ['chromium', 'node']);
  const preset = oneOf<Preset>('--preset', values.preset, Object.keys(PRESETS) as Preset[]);
  const model = oneOf<ModelType>('--model', values.model, ['gpt2', 'llama']);
  const ours = ourEntrants(values.device, where);
  // Beside its own float32, whose losses it is held against.
  const dtype = oneOf('--dtype', values.dtype, ['float32', 'float16'] as const);
  const halves = dtype === 'float16' ? ours.map((entrant) => ({ ...entrant, dtype })) : [];
  return contestStep({
    workload: workload(preset, model),
    ours: [...ours, ...halves],
    peers: peerEntrants(values.against, where),
    rounds: wholeOption('--runs', values.runs, 1) ?? 10,
    profile: values.profile,
    progress,
  });
}
