import { expect, test } from 'vitest';
import type { Actor } from './calls.ts';
import { medianOf, pairedRatio, type Runner, runRounds } from './rounds.ts';

/** Says that each step took `ms`, without taking it. */
function runner(title: string, ms: number, seen: string[]): Runner {
  const actor = {
    async call(_method: string, { count }: { readonly count: number }) {
      seen.push(title);
      return { ms: Array.from({ length: count }, () => ms), losses: [] };
    },
    async close() {},
  } as unknown as Actor;
  return { title, actor, ms: [] };
}

test('rounds alternate; the slow one takes part in fewer, and ratios are of rounds that both took part in', async () => {
  const seen: string[] = [];
  const [fast, slow] = [runner('fast', 10, seen), runner('slow', 400, seen)];
  const first = new Map([
    [fast, 10],
    [slow, 400],
  ]);
  await runRounds([fast, slow], first, { rounds: 5, round_ms: 20, patience_ms: 1600, progress: () => {} });
  expect(seen.slice(0, 4)).toEqual(['fast', 'slow', 'fast', 'slow']);
  expect(fast.ms.map((round) => round.length)).toEqual([2, 2, 2, 2, 2]);
  expect(slow.ms.length).toBe(4);
  expect(pairedRatio(slow, fast)).toBe(40);
  expect(medianOf(fast)).toBe(10);
});
