import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

test('patience lasts as long as something gets done, however long that takes', () => {
  const patience = new Patience(3);
  for (let unit = 0; unit < 100; unit++) {
    for (const wait of [1, 2, 3]) expect(patience.lasts([7, unit]), `unit ${unit}, wait ${wait}`).toBe(true);
  }
  expect(patience.lasts([7, 99])).toBe(false);
});

test('it ends after so many waits in which nothing was done', () => {
  const patience = new Patience(2);
  const waits = [
    [5, 1],
    [5, 1],
    [5, 1],
  ].map((words) => patience.lasts(words));
  expect(waits).toEqual([true, true, false]);
});
