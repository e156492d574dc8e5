import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatFlops, formatRate, formatSeconds } from './format.ts';

test('figures read as people say them', () => {
  expect(formatBytes(0)).toBe('0 bytes');
  expect(formatBytes(1_418_000_000)).toBe('1.42 GB');
  expect(formatBytes(999)).toBe('999 bytes');
  expect(formatCount(124_439_808)).toBe('124 M');
  expect(formatCount(999)).toBe('999');
  expect(formatCount(999_600)).toBe('1 M');
  expect(formatFlops(2.5e12)).toBe('2.5 TFLOP');
  expect([0, 0.04, 12.34, 99.96, 9738.7].map(formatRate)).toEqual(['0', '0', '12.3', '100', '9,739']);
});

test('unknown is not zero', () => {
  for (const format of [formatBytes, formatCount, formatFlops, formatSeconds]) expect(format(null)).toBe('–');
});

test('durations have two units at most', () => {
  expect(formatSeconds(0.42)).toBe('0.4 s');
  expect(formatSeconds(9.99)).toBe('10 s');
  expect(formatSeconds(200)).toBe('3 min 20 s');
  expect(formatSeconds(3599.6)).toBe('1 h');
  expect(formatSeconds(7500)).toBe('2 h 5 min');
  expect(formatSeconds(90_000)).toBe('1 d 1 h');
});
