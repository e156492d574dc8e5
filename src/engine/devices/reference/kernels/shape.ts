import { hash32 } from '../../../../base/random.ts';
import { sizeOf, stridesOf } from '../../../graph/sizes.ts';
import type { Call, Kernels, Numbers } from './kernel.ts';
import { input, rowsOf, walk } from './kernel.ts';

function gather(
  call: { readonly out: Numbers },
  shape: readonly number[],
  x: Numbers,
  strides: readonly number[],
  start: number,
): void {
  const { out } = call;
  walk(shape, strides, start, (to, from) => {
    out[to] = x[from] as number;
  });
}

/** Strides of the input by output axis for a reduction, with 0 where an axis was summed away. */
function reduce(
  call: Call<'reduce_sum'> | Call<'reduce_max'>,
  first: number,
  join: (a: number, b: number) => number,
): void {
  const x = input(call, 0);
  const shape = call.shapes[0] ?? [];
  const { axes } = call.node.attributes;
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  const sums = new Float64Array(sizeOf(kept)).fill(first);
  walk(shape, strides, 0, (from, to) => {
    sums[to] = join(sums[to] as number, x[from] as number);
  });
  call.out.set(sums);
}

export const shapeKernels: Kernels<
  | 'constant'
  | 'iota'
  | 'dropout_mask'
  | 'reshape'
  | 'transpose'
  | 'slice'
  | 'concat'
  | 'broadcast_to'
  | 'reduce_sum'
  | 'reduce_max'
  | 'sum_squares'
  | 'cache_write'
  | 'after'
> = {
  constant: ({ node, out }) => {
    out.fill(node.attributes.value);
  },
  iota: ({ out }) => {
    for (let i = 0; i < out.length; i++) out[i] = i;
  },
  dropout_mask: (call) => {
    const { rate, stream } = call.node.attributes;
    const seed = input(call, 0)[0] as number;
    const { out } = call;
    const threshold = rate * 4294967296;
    const kept = 1 / (1 - rate);
    for (let i = 0; i < out.length; i++) out[i] = hash32(seed, stream, i) >= threshold ? kept : 0;
  },
  // A view: the memory plan gives it its input's place.
  reshape: () => {},
  after: (call) => {
    const x = input(call, 0);
    if (call.out !== x) call.out.set(x);
  },
  transpose: (call) => {
    const strides = stridesOf(call.shapes[0] ?? []);
    const permuted = call.node.attributes.permutation.map((axis) => strides[axis] as number);
    gather(call, call.node.shape, input(call, 0), permuted, 0);
  },
  slice: (call) => {
    const strides = stridesOf(call.shapes[0] ?? []);
    const start = call.node.attributes.begin.reduce(
      (sum, begin, axis) => sum + begin * (strides[axis] as number),
      0,
    );
    gather(call, call.node.shape, input(call, 0), strides, start);
  },
  concat: (call) => {
    const { axis } = call.node.attributes;
    const shape = call.node.shape;
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const row = inner * (shape[axis] as number);
    let position = 0;
    call.inputs.forEach((values, i) => {
      const width = (call.shapes[i]?.[axis] ?? 0) * inner;
      for (let o = 0; o < outer; o++) {
        call.out.set(values.subarray(o * width, (o + 1) * width), o * row + position);
      }
      position += width;
    });
  },
  broadcast_to: (call) => {
    const from = call.shapes[0] ?? [];
    const strides = stridesOf(from);
    const extra = call.node.shape.length - from.length;
    const repeated = call.node.shape.map((_, axis) =>
      axis < extra || from[axis - extra] === 1 ? 0 : (strides[axis - extra] as number),
    );
    gather(call, call.node.shape, input(call, 0), repeated, 0);
  },
  reduce_sum: (call) => reduce(call, 0, (a, b) => a + b),
  reduce_max: (call) => reduce(call, Number.NEGATIVE_INFINITY, Math.max),
  sum_squares: (call) => {
    const x = input(call, 0);
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (x[i] as number);
    call.out[0] = sum;
  },
  cache_write: (call) => {
    const cache = input(call, 0);
    const rows = input(call, 1);
    const position = input(call, 2)[0] as number;
    const { out } = call;
    if (out !== cache) out.set(cache);
    const [, width] = rowsOf(call.node.shape);
    const slots = call.node.shape[call.node.shape.length - 2] as number;
    const written = call.shapes[1]?.[call.node.shape.length - 2] ?? 0;
    if (written === 0) return;
    const blocks = rows.length / (written * width);
    for (let block = 0; block < blocks; block++) {
      const from = rows.subarray(block * written * width, (block + 1) * written * width);
      out.set(from, (block * slots + position) * width);
    }
  },
};
