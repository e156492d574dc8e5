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

test('a peer that fails is left out of further rounds; without ours there are none', async () => {
  const failing = (title: string): Runner => ({
    title,
    actor: {
      call: async () => {
        throw new Error('the device was lost');
      },
      close: async () => {},
    } as unknown as Actor,
    ms: [],
  });
  const pace = { rounds: 3, round_ms: 10, patience_ms: 1000, progress: () => {} };
  const [ours, peer] = [runner('ours', 10, []), failing('peer')];
  await runRounds([ours, peer], new Map(), pace);
  expect(ours.ms.length).toBe(3);
  expect(peer).toMatchObject({ ms: [], failed: 'the device was lost' });
  await expect(runRounds([failing('ours'), ours], new Map(), pace)).rejects.toThrow('the device was lost');
});

test('one that has been timed already is not asked again', async () => {
  const seen: string[] = [];
  const [ours, slow] = [runner('ours', 10, seen), { ...runner('slow', 90_000, seen), ms: [[90_000]] }];
  const first = new Map<Runner, number>([
    [ours, 10],
    [slow, 90_000],
  ]);
  await runRounds([ours, slow], first, { rounds: 2, round_ms: 10, patience_ms: 60_000, progress: () => {} });
  expect(seen).toEqual(['ours', 'ours']);
  expect(pairedRatio(slow, ours)).toBe(9000);
});
