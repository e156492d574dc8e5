import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchesOf, type Rules } from './batches.ts';

/** Parts that write and read numbered places, of two sizes that do not go together. */
const drawn = fc.array(
  fc.record({
    write: fc.integer({ min: 0, max: 12 }),
    reads: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 }),
    size: fc.integer({ min: 0, max: 1 }),
  }),
  { maxLength: 60 },
);
type Parts = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

function rulesOf(parts: Parts): Rules {
  const of = (i: number) => parts[i] as Parts[number];
  const feeds = (a: number, b: number) => of(b).reads.includes(of(a).write);
  return {
    feeds,
    conflict: (a, b) => feeds(a, b) || feeds(b, a) || of(a).write === of(b).write,
    fit: (ids) => ids.length <= 3 && ids.every((i) => of(i).size === of(ids[0] as number).size),
  };
}

test('what depends on one another keeps its order, and every batch fits', () => {
  fc.assert(
    fc.property(drawn, (parts) => {
      const rules = rulesOf(parts);
      const batches = batchesOf(parts.length, rules);
      const at = new Map(batches.flatMap((batch, i) => batch.map((part) => [part, i] as const)));
      expect([...at.keys()].sort((a, b) => a - b)).toEqual(parts.map((_, i) => i));
      for (const batch of batches) expect(rules.fit(batch)).toBe(true);
      for (let b = 0; b < parts.length; b++)
        for (let a = 0; a < b; a++)
          if (rules.conflict(a, b)) expect(at.get(a)).toBeLessThan(at.get(b) as number);
    }),
    { numRuns: 2000 },
  );
});

test('what nobody waits for goes where there is room', () => {
  // A chain of parts that wait for one another, and a gradient that is read at the end: alone it would be a batch.
  const chain = Array.from({ length: 12 }, (_, i) => ({ write: i + 1, reads: [i], size: 0 }));
  const late = { write: 20, reads: [1], size: 1 };
  const host = { write: 30, reads: [5], size: 1 };
  const parts = [
    ...chain.slice(0, 2),
    late,
    ...chain.slice(2),
    host,
    { write: 40, reads: [12, 20, 30], size: 0 },
  ];
  expect(batchesOf(parts.length, rulesOf(parts))).toHaveLength(14);
});
