import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../quantile.ts';
import type { Actor } from './calls.ts';

/** One who is timed. */
export interface Runner {
  readonly title: string;
  readonly actor: Actor;
  /** Of each step, by round; one that comes with rounds does not take part in those again. */
  ms: number[][];
  /** Why it could not go on; the others do. */
  failed?: string;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** A round of a fast engine has as many steps as fit into this; milliseconds. */
  readonly round_ms: number;
  /** One that needs longer than this for all its rounds takes part in fewer: three at least, of minutes one. */
  readonly patience_ms: number;
  readonly progress: (line: string) => void;
}

/** Threads that spin a while after work must not eat the next one's time. */
const PAUSE_MS = 150;

/**
 * Interleaved rounds: each runner's steps, then the next one's, again and again, so that what else the
 * machine does meets all of them alike. `firstStep` tells what a step of each costs about.
 */
export async function runRounds(
  runners: readonly Runner[],
  firstStep: ReadonlyMap<Runner, number>,
  { rounds, round_ms, patience_ms, progress }: RoundsOptions,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      const step = firstStep.get(runner) ?? round_ms;
      const count = Math.max(1, Math.round(round_ms / step));
      const least = step > patience_ms / 3 ? 1 : 3;
      const takesPart = Math.max(least, Math.floor(patience_ms / (count * step)));
      if (runner.failed !== undefined || runner.ms.length > round || round >= takesPart) continue;
      await delay(PAUSE_MS);
      try {
        const { ms } = await runner.actor.call('run_steps', { count });
        runner.ms.push([...ms]);
        progress(`round ${round + 1}/${rounds}  ${runner.title}  ${quantile(ms, 0.5).toFixed(1)} ms`);
      } catch (thrown) {
        // Ratios are to the first one: without it there is nothing to go on for.
        if (runner === runners[0]) throw thrown;
        runner.failed = thrown instanceof Error ? thrown.message : String(thrown);
        progress(`${runner.title} failed: ${runner.failed}`);
      }
    }
  }
}

/** Of all steps. */
export function medianOf({ ms }: Runner): number {
  return quantile(ms.flat(), 0.5);
}

/** Median over the rounds that both took part in of (median of a's round / median of b's). */
export function pairedRatio(a: Runner, b: Runner): number {
  const ratios = a.ms.slice(0, b.ms.length).map((mine, round) => {
    const theirs = b.ms[round] ?? [];
    return quantile(mine, 0.5) / quantile(theirs, 0.5);
  });
  return quantile(ratios, 0.5);
}
