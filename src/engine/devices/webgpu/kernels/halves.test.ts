import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelAttributes, KernelCall, KernelName } from '../../../graph/lower/kernel-plan.ts';
import { scratchElements } from '../../../graph/lower/scratch.ts';
import { roundToHalf } from '../../../graph/round-to-half.ts';
import { compare } from '../testing/compare.ts';
import { disposeAll, KINDS, type TestDevices, testDevices } from '../testing/node/devices.ts';
import { type CallCase, type GivenTensor, runCall } from '../testing/run-call.ts';
import { freshSeed, Values } from '../testing/values.ts';

let devices: TestDevices | null = null;
beforeAll(async () => {
  devices = await testDevices();
});
afterAll(() => disposeAll(devices));

function caseOf<K extends KernelName>(
  kernel: K,
  attributes: KernelAttributes[K],
  inputs: readonly GivenTensor[],
  outputs: readonly GivenTensor[],
): CallCase {
  const tensors = [...inputs, ...outputs];
  const ids = inputs.map((_, id) => id);
  const results = outputs.map((_, i) => inputs.length + i);
  const sizes = inputs.map(({ values }) => values.length);
  const room = scratchElements({ kernel, attributes, sizes, wanted: results.map(() => true) });
  if (room > 0) tensors.push({ shape: [room], values: new Float32Array(room).fill(Number.NaN) });
  const scratch = room > 0 ? tensors.length - 1 : null;
  const rest = { scratch, scope: '', flops: 0, bytes: 0 };
  const call = { kernel, inputs: ids, outputs: results, attributes, ...rest } as unknown as KernelCall;
  return { call, tensors, results };
}

/** A copy of `from` to `to`, one after the other. */
function copyOf(from: GivenTensor, to: GivenTensor): CallCase {
  const extent = [from.values.length];
  const attributes = { extent, from_offset: 0, from_strides: [1], to_offset: 0, to_strides: [1] };
  return caseOf('copy', attributes, [from], [to]);
}

const GELU_MASKED = {
  operands: 4,
  steps: [
    { op: 'gelu', args: [0] },
    { op: 'mul', args: [4, 1] },
    { op: 'dropout_mask', args: [3], rate: 0.3, stream: 2 },
    { op: 'mul', args: [5, 6] },
    { op: 'add', args: [7, 2] },
  ],
  stores: [8, 4],
} as const;

function cases(values: Values): Readonly<Record<string, CallCase>> {
  const [rows, width] = [21, 36];
  const x = () => values.normal([rows, width]);
  const ids = values.integers([rows], 5);
  const none = values.poison([rows, width]);
  const rotary = { rows, time: 7, width: 48, heads: 2, head_size: 16, theta: 100, inverse: false };
  return {
    // Operands of the whole, one for each row, one row for all, and a seed.
    elementwise: caseOf(
      'elementwise',
      { expression: GELU_MASKED },
      [x(), values.normal([rows, 1]), values.normal([width]), values.integers([], 999)],
      [none, values.poison([rows, width])],
    ),
    softmax: caseOf('softmax', { rows, width }, [x()], [none]),
    softmax_grad: caseOf('softmax_grad', { rows, width, scale: 0.3 }, [x(), x()], [none]),
    embedding: caseOf('embedding', { rows, width }, [values.normal([5, width]), ids], [none]),
    embedding_grad: caseOf(
      'embedding_grad',
      { rows, width, table_rows: 5 },
      [x(), ids],
      [values.poison([5, width])],
    ),
    reduce_sum: caseOf('reduce_sum', { outer: 3, size: 7, inner: width }, [x()], [values.poison([3, width])]),
    reduce_max: caseOf('reduce_max', { outer: rows, size: width, inner: 1 }, [x()], [values.poison([rows])]),
    rotary_heads: caseOf(
      'rotary_heads',
      rotary,
      [values.normal([rows, 48]), values.integers([7], 50)],
      [values.poison([rows, 48])],
    ),
    // Columns 4 to 15 of the rows of one matrix to columns 8 to 19 of another.
    copy: caseOf(
      'copy',
      { extent: [rows, 12], from_offset: 4, from_strides: [width, 1], to_offset: 8, to_strides: [48, 1] },
      [x()],
      [values.poison([rows, 48])],
    ),
  };
}

describe('halves', { timeout: 180_000 }, () => {
  it.each(KINDS)('are what kernels read and write on %s', async (kind) => {
    if (devices === null) return;
    const seed = freshSeed();
    for (const [name, one] of Object.entries(cases(new Values(seed)))) {
      await compare(devices[kind], one, `${name}, seed ${seed}`);
    }
  });

  it('are rounded, infinite beyond the largest, and NaN where the number is', async (context) => {
    if (devices === null) return context.skip('needs Dawn with SwiftShader or a GPU');
    const numbers = [0, -0, 1, -2.5, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65_504, -65_504, 65_519, -65_519];
    numbers.push(65_520, -65_520, 1e30, -1e30, Infinity, -Infinity, Number.NaN, 2 ** -14, 3e-7, 2049);
    const from: GivenTensor = { shape: [20], values: Float32Array.from(numbers) };
    const half: GivenTensor = { shape: [20], dtype: 'f16', values: new Float32Array(20) };
    const [[got = []] = []] = await runCall(devices.software, copyOf(from, half));
    expect([...got].map(String)).toEqual([...from.values].map((value) => String(roundToHalf(value))));
  });

  it('leave their neighbours alone', async (context) => {
    if (devices === null) return context.skip('needs Dawn with SwiftShader or a GPU');
    const values = new Values(freshSeed());
    const wide = values.normal([24]);
    const to: GivenTensor = { ...wide, dtype: 'f16' };
    const attributes = { extent: [4], from_offset: 0, from_strides: [1], to_offset: 12, to_strides: [1] };
    const one = caseOf('copy', attributes, [values.normal([4])], [to]);
    const [[got = []] = []] = await runCall(devices.software, one);
    const kept = (list: ArrayLike<number>) => Array.from(list).filter((_, i) => i < 12 || i >= 16);
    expect(kept(got)).toEqual(kept(wide.values).map(roundToHalf));
  });
});
