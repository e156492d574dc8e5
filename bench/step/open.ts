import type { Actor, Entrant } from '../contest/calls.ts';
import { titleOf } from '../contest/entrants.ts';
import type { Threads } from '../contest/python-actor.ts';
import { type Stage, threadSettings } from '../contest/stage.ts';
import { quantile } from '../quantile.ts';
import type { Workload } from '../workload/workload.ts';
import type { Contender } from './contender.ts';

/** First steps whose losses are compared; they warm everything up too. */
export const CHECKED = 5;
/** One whose first step takes longer is checked over three. */
const SLOW_MS = 10_000;
/** One whose first step takes even longer, over two, of which the second is its only round. */
export const MINUTES_MS = 60_000;
/** Relative, in each checked loss. */
export function toleranceOf({ dtype }: Pick<Entrant, 'dtype'>): number {
  return dtype === 'float16' ? 1e-2 : 1e-3;
}

/** What the entrant's losses must be: those of the first of ours; of @genai-fi/nanogpt's variant, computed for this. */
export async function wantedLosses(
  stage: Stage,
  { engine }: Entrant,
  ours: Contender | undefined,
  workload: Workload,
): Promise<readonly number[] | null> {
  if (ours === undefined || engine !== 'nanogpt') return ours?.losses ?? null;
  const actor = await stage.start(ours.entrant);
  try {
    await actor.call('open_step', { entrant: ours.entrant, workload: workloadOf({ engine }, workload) });
    return (await actor.call('run_steps', { count: CHECKED })).losses;
  } finally {
    await actor.close();
  }
}

/** @genai-fi/nanogpt computes its own variant, and does not clip: see engines/nanogpt. */
export function workloadOf(
  { engine, dtype }: Pick<Entrant, 'engine' | 'dtype'>,
  workload: Workload,
): Workload {
  if (dtype !== undefined) return { ...workload, dtype };
  if (engine !== 'nanogpt') return workload;
  return { ...workload, variant: 'rms', optimizer: { ...workload.optimizer, max_grad_norm: 0 } };
}

/** Opens one, runs its first steps and holds their losses against `wanted`. PyTorch: with its best threads. */
export async function openContender(
  stage: Stage,
  entrant: Entrant,
  workload: Workload,
  wanted: readonly number[] | null,
): Promise<Contender> {
  if (entrant.where !== 'native') return openOne(stage, { entrant, threads: null }, workload, wanted);
  let best: Contender | null = null;
  for (const threads of threadSettings()) {
    const one = await openOne(stage, { entrant, threads }, workload, wanted);
    if (best === null || one.first_ms < best.first_ms) {
      await best?.actor.close();
      best = one;
    } else await one.actor.close();
  }
  if (best === null) throw new Error('There is no setting of threads.');
  return best;
}

async function openOne(
  stage: Stage,
  { entrant, threads }: { readonly entrant: Entrant; readonly threads: Threads | null },
  workload: Workload,
  wanted: readonly number[] | null,
): Promise<Contender> {
  const actor: Actor = await stage.start(entrant, threads ?? undefined);
  try {
    const { description } = await actor.call('open_step', { entrant, workload });
    const first = await actor.call('run_steps', { count: 1 });
    const took = first.ms[0] ?? 0;
    const checked = took > MINUTES_MS ? 2 : took > SLOW_MS ? 3 : CHECKED;
    const { ms, losses: later } = await actor.call('run_steps', { count: checked - 1 });
    const losses = [...first.losses, ...later];
    // Fast ones get going only after some more.
    const more = quantile(ms, 0.5) < 300 ? (await actor.call('run_steps', { count: 20 })).ms : ms;
    return {
      title: titleOf(entrant),
      actor,
      ms: took > MINUTES_MS ? [[...ms]] : [],
      entrant,
      threads,
      description,
      losses,
      difference: wanted === null ? 0 : worstDifference(losses, wanted.slice(0, losses.length)),
      first_ms: quantile(more, 0.5),
      peak_bytes: null,
      gpu_calls: null,
    };
  } catch (error) {
    await actor.close();
    throw error;
  }
}

/** Written so that NaN is a difference. */
function worstDifference(losses: readonly number[], wanted: readonly number[]): number {
  const differences = wanted.map((value, i) => Math.abs((losses[i] ?? Number.NaN) - value) / Math.abs(value));
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...differences);
}

export function disagreement({ losses }: Contender, wanted: readonly number[]): string {
  const show = (values: readonly number[]) => values.map((value) => value.toPrecision(6)).join(' ');
  return `Its first losses are ${show(losses)}; ours are ${show(wanted)}.`;
}
