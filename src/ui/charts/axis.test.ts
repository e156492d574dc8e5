import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logTicks, shareOf, stepAt } from './axis.ts';

test('a step is found again where it was drawn, on both kinds of axis', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (from, length, share, log) => {
        const axis = { from, to: from + length, log };
        expect(shareOf(axis, stepAt(axis, share))).toBeCloseTo(share, 6);
      },
    ),
  );
});

test('beyond the edges is the edge, and an axis of one step has only that one', () => {
  expect(stepAt({ from: 10, to: 20, log: false }, -3)).toBe(10);
  expect(stepAt({ from: 10, to: 20, log: false }, 7)).toBe(20);
  expect(shareOf({ from: 5, to: 5, log: false }, 5)).toBe(0);
});

test('on a log axis ten to a hundred is as wide as one to ten', () => {
  expect(shareOf({ from: 1, to: 100, log: true }, 10)).toBeCloseTo(0.5, 12);
});

test('ticks of a log axis are round, inside of it, and few', () => {
  expect(logTicks({ from: 1, to: 440, log: true })).toEqual([1, 3, 10, 30, 100, 300]);
  expect(logTicks({ from: 80, to: 159, log: true })).toEqual([100]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e5 }), fc.integer({ min: 1, max: 1e7 }), (from, length) => {
      const ticks = logTicks({ from, to: from + length, log: true });
      expect(ticks.length).toBeLessThan(10);
      for (const tick of ticks) expect(tick >= from && tick <= from + length).toBe(true);
    }),
  );
});
