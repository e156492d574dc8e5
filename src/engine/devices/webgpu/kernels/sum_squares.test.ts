import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchElements } from '../../../graph/lower/scratch.ts';
import { compare } from '../testing/compare.ts';
import { disposeAll, KINDS, type TestDevices, testDevices } from '../testing/node/devices.ts';
import { type CallCase, type GivenTensor, runCall } from '../testing/run-call.ts';
import { freshSeed, Values } from '../testing/values.ts';

let devices: TestDevices | null = null;
beforeAll(async () => {
  devices = await testDevices();
});
afterAll(() => disposeAll(devices));

function caseOf(tensors: readonly GivenTensor[], chunk: number): CallCase {
  const sizes = tensors.map(({ values }) => values.length);
  const room = scratchElements({ kernel: 'sum_squares', attributes: { chunk }, sizes, wanted: [true] });
  const poison = (size: number): GivenTensor => ({
    shape: [size],
    values: new Float32Array(size).fill(Number.NaN),
  });
  const scratch = room === 0 ? null : tensors.length + 1;
  return {
    call: {
      kernel: 'sum_squares',
      inputs: tensors.map((_, id) => id),
      outputs: [tensors.length],
      attributes: { chunk },
      ...{ scratch, scope: '', flops: 0, bytes: 0 },
    },
    tensors: [...tensors, { shape: [], values: Float32Array.of(Number.NaN) }, poison(Math.max(1, room))],
    results: [tensors.length],
  };
}

describe('the sum of squares', () => {
  it.each(KINDS)('agrees with float64 as %s computes it', async (kind) => {
    if (devices === null) return;
    const seed = freshSeed();
    const values = new Values(seed);
    for (const [sizes, chunk] of [
      [[1], 4096],
      [[5, 4096, 4097], 4096],
      [[63, 64, 65, 1, 700], 16],
      [Array.from({ length: 40 }, () => 1 + values.below(300)), 32],
    ] as const) {
      const tensors = sizes.map((size) => values.normal([size]));
      await compare(devices[kind], caseOf(tensors, chunk), `${sizes.join(' ')} by ${chunk}, seed ${seed}`);
    }
  });

  it.each(['software', 'plain'] as const)('is shared by the lanes, as %s computes it', async (kind) => {
    if (devices === null) return;
    // One thread that adds so many equal numbers after one another is off by more.
    const many = { shape: [40_000], values: new Float32Array(40_000).fill(0.1) };
    await compare(devices[kind], caseOf([many], 4), '10,000 chunks', 2e-6);
  });

  it.each(KINDS)('is NaN where anything is not finite, as %s computes it', async (kind) => {
    if (devices === null) return;
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const at of [0, 77, 299]) {
        const values = new Float32Array(300).fill(1);
        values[at] = value;
        const tensors = [
          { shape: [3], values: Float32Array.of(1, 2, 3) },
          { shape: [300], values },
        ];
        const [[result] = []] = await runCall(devices[kind], caseOf(tensors, 16));
        expect(result?.[0], `${value} at ${at}`).toBeNaN();
      }
    }
  });
});
