import { expect, test } from 'vitest';
import { bestTogether } from './together.ts';

test('rates add up where threads work at one time', () => {
  // Pieces of 10 and of 5 ms side by side, and one of 1 ms that one thread had the machine alone for.
  const first = [
    [0, 10],
    [10, 20],
  ] as const;
  const second = [
    [4, 9],
    [30, 31],
  ] as const;
  expect(bestTogether([first, second])).toBeCloseTo(1 / 10 + 1 / 5, 12);
  expect(bestTogether([first])).toBeCloseTo(1 / 10, 12);
});

test('threads that never ran together have no rate', () => {
  expect(bestTogether([[[0, 1]], [[1, 2]]])).toBe(0);
});
