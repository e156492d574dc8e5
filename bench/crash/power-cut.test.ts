import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { afterPowerCut, cuts, versionsOf } from './power-cut.ts';
import type { Act } from './trace.ts';

const page = (byte: number): Buffer => Buffer.alloc(4096, byte);
const acts: Act[] = [
  { kind: 'written', file: 'wal', at: 1n, offset: 0, data: page(1) },
  { kind: 'synced', file: 'wal', at: 2n },
  { kind: 'written', file: 'wal', at: 3n, offset: 0, data: page(2) },
  { kind: 'written', file: 'wal', at: 4n, offset: 4096, data: page(3) },
];

test('what was synced is there whatever the cut does to what was not', () => {
  for (const cut of cuts)
    for (let seed = 0; seed < 20; seed++)
      expect(afterPowerCut(acts, 2n, cut, new Random(seed)).get('wal')).toEqual(page(1));
});

test('what was not may be lost, there, there in part, or torn by sectors', () => {
  const left = (cut: (typeof cuts)[number], seed = 1) =>
    afterPowerCut(acts, 9n, cut, new Random(seed)).get('wal');
  expect(left('lost')).toEqual(page(1));
  expect(left('there')).toEqual(Buffer.concat([page(2), page(3)]));
  const torn = left('torn') ?? Buffer.alloc(0);
  const sectors = Array.from({ length: 8 }, (_, i) => new Set(torn.subarray(i * 512, i * 512 + 512)));
  for (const bytes of sectors) expect([[1], [2]]).toContainEqual([...bytes]);
  expect(new Set(sectors.map((bytes) => [...bytes][0])).size).toBe(2);
  const lengths = new Set(Array.from({ length: 30 }, (_, seed) => left('first', seed)?.length));
  expect(lengths.size).toBeGreaterThan(2);
});

test('a removal may be undone until its folder has been synced', () => {
  const journal = '/data/anneal.db-journal';
  const removed: Act[] = [
    { kind: 'written', file: journal, at: 1n, offset: 0, data: page(1) },
    { kind: 'synced', file: journal, at: 2n },
    { kind: 'removed', file: journal, at: 3n },
    { kind: 'synced', file: '/data', at: 4n },
  ];
  expect(afterPowerCut(removed, 3n, 'lost', new Random(1)).get(journal)).toEqual(page(1));
  expect(afterPowerCut(removed, 4n, 'lost', new Random(1)).has(journal)).toBe(false);
});

test('a file that nothing was ever synced of is missing when all of it is lost', () => {
  const unsynced = acts.slice(2);
  expect(afterPowerCut(unsynced, 9n, 'lost', new Random(1)).has('wal')).toBe(false);
  expect(versionsOf(acts, 'wal', 3n)).toEqual([page(1), page(2)]);
});
