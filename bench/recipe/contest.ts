import type { Entrant, RecipeResult, RecipeTask } from '../contest/calls.ts';
import { titleOf } from '../contest/entrants.ts';
import type { Threads } from '../contest/python-actor.ts';
import { Stage } from '../contest/stage.ts';
import { quantile } from '../quantile.ts';
import { type Absent, type Bar, type BenchReport, bar, engineResults } from '../report.ts';
import { disagreement, openContender, toleranceOf } from '../step/open.ts';
import { PRESETS, type Workload, workload } from '../workload/workload.ts';

export interface RecipeContest {
  readonly ours: Entrant;
  readonly peers: readonly Entrant[];
  readonly task: Pick<RecipeTask, 'spec' | 'text' | 'validation_split'>;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly progress: (line: string) => void;
}

/** Relative, in the mean of so many losses of f32: whoever counts other tokens is further off. */
const EVALUATION_TOLERANCE = 1e-5;

export interface Trained {
  readonly entrant: Entrant;
  readonly seed: number;
  readonly result: RecipeResult;
}

/**
 * Before anybody's time counts: the first weights of a seed have the same loss on the whole validation split
 * with each engine's own evaluation, and each engine's first updates give our losses. Then for each seed
 * everybody trains, in turn.
 */
export async function contestRecipe(contest: RecipeContest): Promise<BenchReport> {
  const { ours, task, seeds, steps, progress } = contest;
  const stage = new Stage();
  try {
    const absent: Absent[] = [];
    const ready: { readonly entrant: Entrant; readonly threads: Threads | null }[] = [];
    const first = workloadOf(contest);
    progress('the same loss of the same weights, the same first updates');
    const wanted = await evaluate(stage, ours, contest);
    const opened = await openContender(stage, ours, first, null);
    await opened.actor.close();
    ready.push({ entrant: ours, threads: null });
    for (const entrant of contest.peers) {
      try {
        const found = await evaluate(stage, entrant, contest);
        const off = Math.abs(found.val_loss / wanted.val_loss - 1);
        if (found.tokens !== wanted.tokens || !(off <= EVALUATION_TOLERANCE)) {
          throw new Error(
            `Its loss of the first weights is ${found.val_loss} over ${found.tokens} tokens; ours ${wanted.val_loss} over ${wanted.tokens}.`,
          );
        }
        const peer = await openContender(stage, entrant, first, opened.losses);
        await peer.actor.close();
        if (!(peer.difference <= toleranceOf(entrant))) throw new Error(disagreement(peer, opened.losses));
        progress(`${peer.description}: loss of the first weights ${found.val_loss.toFixed(6)}, as ours`);
        ready.push({ entrant, threads: peer.threads });
      } catch (thrown) {
        absent.push({ ...entrant, preset: PRESET, why: sentence(thrown) });
      }
    }
    const runs: Trained[] = [];
    for (const [i, seed] of seeds.entries()) {
      // Whoever begins has the machine as the others left it: each in turn.
      for (const { entrant, threads } of i % 2 === 0 ? ready : ready.toReversed()) {
        const left = estimate(runs, ready, seeds.length);
        progress(`seed ${seed}  ${titleOf(entrant)}${left === null ? '' : `  about ${left} s left`}`);
        const actor = await stage.start(entrant, threads ?? undefined);
        try {
          const result = await actor.call('train_recipe', { ...task, entrant, seed, steps });
          if (result.tokens !== wanted.tokens) throw new Error(`It evaluated on ${result.tokens} tokens.`);
          runs.push({ entrant, seed, result });
          progress(`  ${result.seconds.toFixed(1)} s, validation loss ${result.val_loss.toFixed(4)}`);
        } finally {
          await actor.close();
        }
      }
    }
    return {
      name: 'recipe',
      machine: await stage.machine(),
      ...engineResults(
        ready.map(({ entrant, threads }) => ({ ...summarise(entrant, runs, steps), threads })),
      ),
      absent,
      bars: recipeBars(runs),
      facts: { max_steps: task.spec.max_steps, first_val_loss: wanted.val_loss, val_tokens: wanted.tokens },
    };
  } finally {
    await stage.close();
  }
}

const PRESET = 'nanogpt-cpu';

async function evaluate(stage: Stage, entrant: Entrant, { task, seeds, steps }: RecipeContest) {
  const actor = await stage.start(entrant);
  try {
    return await actor.call('evaluate_recipe', { ...task, entrant, seed: seeds[0] ?? 0, steps });
  } finally {
    await actor.close();
  }
}

/** A step of the recipe as a workload, for the first updates and for PyTorch's best threads. */
function workloadOf({ task: { spec } }: RecipeContest): Workload {
  const { model } = spec;
  return {
    ...workload('small', 'gpt2'),
    model,
    batch: spec.per_device_train_batch_size,
    context: model.model_type === 'gpt2' ? model.n_positions : PRESETS.small.context,
    optimizer: spec.optimizer,
  };
}

/** The bars of the first of ours beside PyTorch; none where PyTorch did not take part. Times by pairs of one seed. */
export function recipeBars(runs: readonly Trained[]): Bar[] {
  const of = (engine: string) => runs.filter(({ entrant }) => entrant.engine === engine);
  const pairs = of('anneal').flatMap((ours) => {
    const theirs = of('pytorch').find(({ seed }) => seed === ours.seed);
    return theirs === undefined ? [] : [{ ours: ours.result, theirs: theirs.result }];
  });
  if (pairs.length === 0) return [];
  const excess =
    mean(pairs.map(({ ours }) => ours.val_loss)) - mean(pairs.map(({ theirs }) => theirs.val_loss));
  const ratios = pairs.map(({ ours, theirs }) => ours.seconds / theirs.seconds);
  return [
    bar('recipe: mean validation loss beyond PyTorch', excess, '<=', 0.01),
    bar('recipe: times the time of PyTorch', quantile(ratios, 0.5), '<=', 1.5),
  ];
}

function summarise(entrant: Entrant, runs: readonly Trained[], steps: number) {
  const mine = runs.filter((one) => one.entrant === entrant);
  const losses = mine.map(({ result }) => result.val_loss);
  const seconds = mine.map(({ result }) => result.seconds);
  return {
    ...entrant,
    preset: PRESET,
    median_ms: 1000 * quantile(seconds, 0.5),
    runs: mine.length,
    steps,
    mean_val_loss: mean(losses),
    val_losses: losses,
    seconds,
    seeds: mine.map(({ seed }) => seed),
  };
}

/** Seconds that are left, from what the runs so far took; null before everybody's first is over. */
function estimate(
  runs: readonly Trained[],
  ready: readonly { readonly entrant: Entrant }[],
  seeds: number,
): number | null {
  let total = 0;
  for (const { entrant } of ready) {
    const mine = runs.filter((one) => one.entrant === entrant).map(({ result }) => result.seconds);
    if (mine.length === 0) return null;
    total += (seeds - mine.length) * mean(mine);
  }
  return Math.round(total);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function sentence(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0] ?? text;
}
