import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, wholeOption } from '../cli/arguments.ts';
import { readConfig } from '../src/domain/config/read.ts';
import { toTrainingSpec } from '../src/domain/plan/training-spec.ts';
import { charTokenizer } from '../src/engine/tokenizers/char.ts';
import type { BenchOptions } from './bench.ts';
import type { Entrant, RecipeResult, RecipeTask } from './contest/calls.ts';
import { ourEntrants, peerEntrants, titleOf } from './contest/entrants.ts';
import { Stage, threadSettings } from './contest/stage.ts';
import { benchOptions, oneOf } from './options.ts';
import { type Bar, type BenchReport, bar, machine, quantile } from './report.ts';
import { workload } from './workload/workload.ts';

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
  const steps = wholeOption('--steps', values.steps, 1) ?? spec.max_steps;
  const seeds = values.seeds.split(',').map((seed) => wholeOption('--seeds', seed, 0) ?? 0);
  const entrants = [...ourEntrants(values.device, where), ...peerEntrants(values.against, where)];
  if (entrants.some(({ engine }) => engine !== 'anneal' && engine !== 'pytorch')) {
    throw new UsageError('The recipe is trained by our devices and by PyTorch.');
  }
  const stage = new Stage();
  try {
    const runs: { readonly entrant: Entrant; readonly seed: number; readonly result: RecipeResult }[] = [];
    const absent: Record<string, unknown>[] = [];
    for (const [i, seed] of seeds.entries()) {
      for (const entrant of entrants) {
        if (absent.some(({ engine }) => engine === entrant.engine)) continue;
        const left = estimate(runs, entrants, seeds.length - i);
        progress(`seed ${seed}  ${titleOf(entrant)}${left === null ? '' : `  about ${left} s left`}`);
        const { validation_split } = config.data;
        try {
          const result = await once(stage, { entrant, spec, text, validation_split, seed, steps });
          runs.push({ entrant, seed, result });
          progress(`  ${result.seconds.toFixed(1)} s, validation loss ${result.val_loss.toFixed(4)}`);
        } catch (thrown) {
          if (entrant.engine === 'anneal') throw thrown;
          absent.push({ ...entrant, runs: 0, failed: thrown instanceof Error ? thrown.message : thrown });
        }
      }
    }
    const summary = entrants.map((entrant) => summarise(entrant, runs, steps)).filter((row) => row.runs > 0);
    const bars: Bar[] = [];
    const [ours] = summary;
    const pytorch = summary.find(({ engine }) => engine === 'pytorch');
    if (ours !== undefined && pytorch !== undefined) {
      const excess = ours.mean_val_loss - pytorch.mean_val_loss;
      bars.push(bar('mean validation loss beyond PyTorch', excess, '<=', 0.01));
      bars.push(bar('times the time of PyTorch', ours.median_ms / pytorch.median_ms, '<=', 1.5));
    }
    const chromium = await stage.chromium();
    const where_ = chromium === null ? machine() : `${machine()}, Chromium ${chromium}`;
    return { name: 'recipe', machine: where_, results: [...summary, ...absent], bars };
  } finally {
    await stage.close();
  }
}

let threads: { readonly omp: number; readonly blas: number } | null = null;

/** A process or worker of its own for each run. PyTorch: with the threads that are best for the small preset. */
async function once(stage: Stage, task: RecipeTask): Promise<RecipeResult> {
  const { entrant } = task;
  if (entrant.engine === 'pytorch') threads ??= await bestThreads(stage, entrant);
  const actor = await stage.start(entrant, threads ?? { omp: 1, blas: 1 });
  try {
    return await actor.call('train_recipe', task);
  } finally {
    await actor.close();
  }
}

async function bestThreads(stage: Stage, entrant: Entrant) {
  let best = { omp: 1, blas: 1 };
  let bestMs = Number.POSITIVE_INFINITY;
  for (const setting of threadSettings()) {
    const actor = await stage.start(entrant, setting);
    await actor.call('open_step', { entrant, workload: workload('small', 'gpt2') });
    await actor.call('run_steps', { count: 5 });
    const ms = quantile((await actor.call('run_steps', { count: 20 })).ms, 0.5);
    await actor.close();
    if (ms < bestMs) [best, bestMs] = [setting, ms];
  }
  return best;
}

/** Seconds that are left, from what the runs so far took; null before the first is over. */
function estimate(
  runs: readonly { readonly entrant: Entrant; readonly result: RecipeResult }[],
  entrants: readonly Entrant[],
  seeds: number,
): number | null {
  let total = 0;
  for (const entrant of entrants) {
    const mine = runs.filter((one) => one.entrant === entrant);
    if (mine.length === 0) return null;
    total += seeds * (mine.reduce((sum, { result }) => sum + result.seconds, 0) / mine.length);
  }
  return Math.round(total);
}

function summarise(
  entrant: Entrant,
  runs: readonly { readonly entrant: Entrant; readonly seed: number; readonly result: RecipeResult }[],
  steps: number,
) {
  const mine = runs.filter((one) => one.entrant === entrant);
  const losses = mine.map(({ result }) => result.val_loss);
  return {
    ...entrant,
    preset: 'nanogpt-cpu',
    steps,
    median_ms: quantile(
      mine.map(({ result }) => 1000 * result.seconds),
      0.5,
    ),
    runs: mine.length,
    mean_val_loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    val_losses: losses,
    seeds: mine.map(({ seed }) => seed),
  };
}
