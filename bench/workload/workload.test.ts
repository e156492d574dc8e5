import { expect, test } from 'vitest';
import { countParameters } from '../../src/engine/models/parameters.ts';
import { batchOf, RING, stepFlops, workload } from './workload.ts';

test('the presets have the sizes of the bars', () => {
  // facts about nanoGPT's recipes: 0.8 and 10.7 million parameters, 4 and 69 GFLOP a step
  expect(countParameters(workload('small', 'gpt2').model)).toBe(804_096);
  expect(stepFlops(workload('small', 'gpt2')) / 1e9).toBeCloseTo(3.8, 1);
  expect(stepFlops(workload('medium', 'gpt2')) / 1e9).toBeCloseTo(69, 0);
});

test('batches are the same every time, and other ones from step to step until the ring closes', () => {
  const small = workload('small', 'gpt2');
  expect(batchOf(small, 3)).toEqual(batchOf(small, 3));
  expect(batchOf(small, 3)).not.toEqual(batchOf(small, 4));
  expect(batchOf(small, 3 + RING)).toEqual(batchOf(small, 3));
  const { input_ids, labels } = batchOf(small, 0);
  expect([...input_ids.subarray(1, 64)]).toEqual([...labels.subarray(0, 63)]);
});
