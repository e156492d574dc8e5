import { expect, test } from 'vitest';
import { bar, engineResults } from './report.ts';

test('a result has what every reader counts on and nothing else; the rest is beside it', () => {
  const row = { gflops: 84, runs: 90, engine: 'anneal', where: 'node', median_ms: 45, device: 'wasm' };
  const { results, details } = engineResults([{ ...row, preset: 'small' }]);
  expect(JSON.stringify(results)).toBe(
    '[{"engine":"anneal","device":"wasm","preset":"small","where":"node","median_ms":45,"runs":90}]',
  );
  expect(details).toEqual([{ gflops: 84 }]);
});

test('a bar without a figure does not hold', () => {
  expect(bar('x', 1.2, '<=', 1.2).holds).toBe(true);
  expect(bar('x', Number.NaN, '<=', 1.2).holds).toBe(false);
  expect(bar('x', Number.NaN, '>=', 1.2).holds).toBe(false);
});
