import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, wholeOption } from '../cli/arguments.ts';
import { readConfig } from '../src/domain/config/read.ts';
import { toTrainingSpec } from '../src/domain/plan/training-spec.ts';
import { charTokenizer } from '../src/engine/tokenizers/char.ts';
import type { BenchOptions } from './bench.ts';
import { ourEntrants, peerEntrants } from './contest/entrants.ts';
import { benchOptions, oneOf } from './options.ts';
import { contestRecipe } from './recipe/contest.ts';
import type { BenchReport } from './report.ts';

export const usage =
  'recipe [--recipe FILE] [--data FILE] [--device D] [--in chromium|node] [--against pytorch] [--seeds 1,2,3] [--steps N]';

/** The CPU recipe from several seeds, ours and PyTorch's in turn: seconds, and loss on the whole validation split. */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const root = join(import.meta.dirname, '..');
  const values = benchOptions(args, {
    recipe: { type: 'string', default: join(root, 'recipes', 'nanogpt-cpu.yaml') },
    data: { type: 'string', default: join(root, '..', 'shared', 'data', 'tinyshakespeare.txt') },
    device: { type: 'string', default: 'wasm' },
    in: { type: 'string', default: 'chromium' },
    against: { type: 'string', default: 'pytorch' },
    seeds: { type: 'string', default: '1,2,3' },
    steps: { type: 'string' },
  });
  if (!existsSync(values.data)) {
    throw new UsageError(`There is no text ${values.data}; name another one with --data.`);
  }
  const where = oneOf('--in', values.in, ['chromium', 'node'] as const);
  const text = readFileSync(values.data, 'utf8');
  const { config } = readConfig(readFileSync(values.recipe, 'utf8'));
  const facts = { vocab_size: charTokenizer(text).vocab_size, train_tokens: null };
  const spec = toTrainingSpec(config, facts);
  if (spec === null) throw new UsageError('The recipe has no max_steps.');
  const [ours, ...more] = ourEntrants(values.device, where);
  const peers = peerEntrants(values.against, where);
  if (ours === undefined || more.length > 0 || peers.some(({ engine }) => engine !== 'pytorch')) {
    throw new UsageError('The recipe is trained by one device of ours and by PyTorch.');
  }
  return contestRecipe({
    ours,
    peers,
    task: { spec, text, validation_split: config.data.validation_split },
    seeds: values.seeds.split(',').map((seed) => wholeOption('--seeds', seed, 0) ?? 0),
    steps: wholeOption('--steps', values.steps, 1) ?? spec.max_steps,
    progress,
  });
}
