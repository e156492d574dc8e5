import { expect, test } from 'vitest';
import { lanesOf, spanAt, ticksOf, zoomed } from './lanes.ts';

const kernel = (kernel: string, scope: string, start_ms: number, ms: number) => ({
  kernel,
  scope,
  start_ms,
  ms,
  flops: 0,
  bytes: 0,
});
const LANES = lanesOf([
  kernel('embedding', 'transformer.wte', 0, 1),
  kernel('matmul', 'transformer.h.0.attn', 1, 2),
  kernel('matmul', 'transformer.h.0.mlp', 4, 2),
  kernel('adamw', '', 7, 1),
]);

test('a lane for each layer, with short names', () => {
  expect(LANES.names).toEqual(['wte', 'h.0', 'step']);
  expect(LANES.spans.map(({ lane, kind }) => [lane, kind])).toEqual([
    [0, 'Embeddings'],
    [1, 'Matrix products'],
    [1, 'Matrix products'],
    [2, 'Optimizer'],
  ]);
});

test('the kernel under the pointer, or the nearest of the lane', () => {
  expect(spanAt(LANES, 1, 2, 0)?.index).toBe(1);
  expect(spanAt(LANES, 1, 3.4, 0)).toBeNull();
  expect(spanAt(LANES, 1, 3.4, 1)?.index).toBe(1);
  expect(spanAt(LANES, 1, 3.8, 1)?.index).toBe(2);
  expect(spanAt(LANES, 0, 5, 1)).toBeNull();
});

test('zooming stays inside of the step and keeps what is under the pointer', () => {
  expect(zoomed([0, 8], 4, 0.5, 8)).toEqual([2, 6]);
  expect(zoomed([0, 8], 0, 0.5, 8)).toEqual([0, 4]);
  expect(zoomed([2, 6], 4, 10, 8)).toEqual([0, 8]);
  expect(zoomed([0, 4], 1, 1.5, 8)).toEqual([0, 6]);
});

test('ticks are round and few', () => {
  expect(ticksOf([0, 8])).toEqual([0, 2, 4, 6, 8]);
  expect(ticksOf([0.31, 0.39])).toEqual([0.32, 0.34, 0.36, 0.38]);
  expect(ticksOf([3, 3])).toEqual([]);
});
