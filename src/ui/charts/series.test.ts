import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pointsOf, readAt, type Series, smooth, thin, within } from './series.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });

function series(values: readonly number[], every = 1): Series {
  return { id: 'a', label: 'A', color: 'blue.6', steps: values.map((_, i) => i * every), values };
}

test('smoothing leaves a constant as it is, from the first point on', () => {
  for (const value of smooth([3, 3, 3, 3], 0.9)) expect(value).toBeCloseTo(3, 12);
});

test('smoothing stays between the lowest and the highest, and skips what is not finite', () => {
  fc.assert(
    fc.property(
      fc.array(finite, { minLength: 1 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (values, weight) => {
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const slack = 1e-6 * (1 + Math.abs(low) + Math.abs(high));
        for (const value of smooth(values, weight)) {
          expect(value).toBeGreaterThanOrEqual(low - slack);
          expect(value).toBeLessThanOrEqual(high + slack);
        }
      },
    ),
  );
  expect(smooth([1, Number.NaN, 1], 0.5)).toEqual([1, Number.NaN, 1]);
});

test('thinning keeps a spike behind what is no number', () => {
  const values = Array.from({ length: 3000 }, (_, i) => 1 + Math.sin(i) / 10);
  values[1500] = Number.NaN;
  values[1503] = 50;
  for (let limit = 100; limit < 700; limit += 37) expect(thin(values, limit)).toContain(1503);
});

test('thinning keeps ends, the extremes and the order, and stays below its limit', () => {
  fc.assert(
    fc.property(
      fc.array(finite, { minLength: 1, maxLength: 500 }),
      fc.integer({ min: 8, max: 100 }),
      (values, limit) => {
        const kept = thin(values, limit);
        expect(kept).toEqual([...kept].sort((a, b) => a - b));
        expect(kept.length).toBeLessThanOrEqual(Math.max(limit, 1) + 2);
        expect(kept[0]).toBe(0);
        expect(kept.at(-1)).toBe(values.length - 1);
        const seen = kept.map((index) => values[index] ?? Number.NaN);
        expect(Math.max(...seen)).toBe(Math.max(...values));
        expect(Math.min(...seen)).toBe(Math.min(...values));
      },
    ),
  );
});

test('reading at a step finds the value there or the last before it', () => {
  const eval_ = series([5, 4, 3], 10);
  expect(readAt(eval_, 10)).toBe(4);
  expect(readAt(eval_, 19)).toBe(4);
  expect(readAt(eval_, 99)).toBe(3);
  expect(readAt({ ...eval_, steps: [10, 20, 30] }, 9)).toBeNull();
});

test('a zoomed part reaches one point past both edges', () => {
  expect(within(series([0, 1, 2, 3, 4, 5, 6]), 2.5, 4).steps).toEqual([2, 3, 4, 5]);
});

test('points leave out what is no number, and what a log axis cannot show', () => {
  const curve = series([1, 0, Number.NaN, 2]);
  expect(pointsOf(curve, 100, true)).toEqual([
    { step: 0, value: 1 },
    { step: 3, value: 2 },
  ]);
  expect(pointsOf(curve, 100, false)).toHaveLength(3);
});
