import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plotOf, roundTicks } from './plot.ts';
import type { Series } from './series.ts';

const AREA = { x: 60, y: 6, width: 400, height: 160 };
const REQUEST = { zoom: null, logX: false, logY: false, fromZero: false, area: AREA, limit: 100 };
const series = (steps: number[], values: number[], changes: Partial<Series> = {}): Series => ({
  id: 'loss',
  label: 'loss',
  color: 'blue.6',
  steps,
  values,
  ...changes,
});

test('a curve goes from the left edge to the right one, high values at the top', () => {
  const { curves, axis, steps, yTicks } = plotOf({
    ...REQUEST,
    series: [series([0, 50, 100], [4, 3, 2])],
  });
  expect(curves[0]?.path).toBe('M60 6L260 86L460 166');
  expect(axis).toEqual({ from: 0, to: 100, log: false });
  expect(steps).toEqual([0, 50, 100]);
  expect(yTicks.map(({ value }) => value)).toEqual([2, 2.5, 3, 3.5, 4]);
});

test('everything that is drawn lies inside, whatever the values are', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 1e5 }), fc.double()), { maxLength: 60 });
  fc.assert(
    fc.property(rows, rows, fc.boolean(), fc.boolean(), fc.boolean(), (one, other, logX, logY, fromZero) => {
      const curve = (points: [number, number][], id: string): Series => {
        const sorted = [...new Map(points)].sort((a, b) => a[0] - b[0]);
        return series(
          sorted.map(([step]) => step),
          sorted.map(([, value]) => Math.fround(value)), // figures of a run are f32
          { id },
        );
      };
      const plot = plotOf({
        ...REQUEST,
        logX,
        logY,
        fromZero,
        series: [curve(one, 'a'), curve(other, 'b')],
      });
      for (const { path } of plot.curves) {
        for (const [, x, y] of path.matchAll(/[ML](\S+) ([^ML]+)/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(AREA.x - 0.1);
          expect(Number(x)).toBeLessThanOrEqual(AREA.x + AREA.width + 0.1);
          expect(Number(y)).toBeGreaterThanOrEqual(AREA.y - 0.1);
          expect(Number(y)).toBeLessThanOrEqual(AREA.y + AREA.height + 0.1);
        }
      }
      expect(plot.yTicks.length).toBeLessThan(12);
    }),
  );
});

test('a single point is a dot; no point is an empty chart', () => {
  expect(plotOf({ ...REQUEST, series: [series([3], [5])] }).curves[0]?.dot?.[1]).toBeCloseTo(86);
  expect(plotOf({ ...REQUEST, series: [series([], [])] }).steps).toEqual([]);
});

test('quantities of which the size matters begin at zero', () => {
  const { yTicks } = plotOf({ ...REQUEST, fromZero: true, series: [series([1, 2], [38e6, 38e6])] });
  expect(yTicks.map(({ value }) => value)).toEqual([0, 1e7, 2e7, 3e7, 4e7]);
});

test('ticks are round', () => {
  expect(roundTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(roundTicks(0.13, 0.42, 4)).toEqual([0.2, 0.3, 0.4]);
  expect(roundTicks(1, 1, 4)).toEqual([]);
});
