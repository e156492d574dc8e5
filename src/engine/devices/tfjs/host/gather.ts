import { hash32 } from '../../../../base/random.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import { dropoutThreshold, rotaryTable } from '../derive.ts';
import { at, type FusedTable, lastOf } from '../kernel.ts';
import { type HostMemory, output } from './memory.ts';

type GatherOp =
  | 'embedding'
  | 'embedding_grad'
  | 'dropout_mask'
  | 'rotary'
  | 'cache_write'
  | 'reduce_sum'
  | 'sum_squares';

export function gatherKernels(memory: HostMemory): Pick<FusedTable, GatherOp> {
  return {
    embedding: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [table, ids, to] = [memory.f32(at(inputs, 0)), memory.i32(at(inputs, 1)), memory.f32(out)];
      for (let i = 0; i < ids.length; i++) {
        const start = (ids[i] as number) * columns;
        to.set(table.subarray(start, start + columns), i * columns);
      }
      return out;
    },
    embedding_grad: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [dy, ids, to] = [memory.f32(at(inputs, 0)), memory.i32(at(inputs, 1)), memory.f32(out)];
      to.fill(0);
      for (let i = 0; i < ids.length; i++) {
        const row = (ids[i] as number) * columns;
        if (row < 0 || row >= to.length) continue;
        for (let c = 0; c < columns; c++)
          to[row + c] = (to[row + c] as number) + (dy[i * columns + c] as number);
      }
      return out;
    },
    dropout_mask: (o, node, inputs) => {
      const { rate, stream } = node.attributes;
      const out = output(o, memory, node.shape);
      const seed = memory.i32(at(inputs, 0))[0] as number;
      const to = memory.f32(out);
      const threshold = dropoutThreshold(rate);
      for (let e = 0; e < to.length; e++) to[e] = hash32(seed, stream, e) >= threshold ? 1 / (1 - rate) : 0;
      return out;
    },
    rotary: (o, node, inputs) => {
      const size = lastOf(node.shape);
      const half = size / 2;
      const out = output(o, memory, node.shape);
      const [x, positions, to] = [memory.f32(at(inputs, 0)), memory.i32(at(inputs, 1)), memory.f32(out)];
      const table = rotaryTable(positions, size, node.attributes.theta).values;
      const rows = positions.length;
      const direction = node.attributes.inverse ? -1 : 1;
      for (let start = 0, row = 0; start < to.length; start += size, row = (row + 1) % rows) {
        for (let i = 0; i < half; i++) {
          const cos = table[row * half + i] as number;
          const sin = direction * (table[(rows + row) * half + i] as number);
          const [a, b] = [x[start + i] as number, x[start + half + i] as number];
          to[start + i] = a * cos - b * sin;
          to[start + half + i] = b * cos + a * sin;
        }
      }
      return out;
    },
    cache_write: (o, node, inputs) => {
      const [cache, rows] = [at(inputs, 0), at(inputs, 1)];
      const columns = lastOf(cache.shape);
      const [slots, count] = [cache.shape.at(-2) ?? 1, rows.shape.at(-2) ?? 1];
      const out = output(o, memory, node.shape);
      const [new_, to] = [memory.f32(rows), memory.f32(out)];
      const position = memory.i32(at(inputs, 2))[0] as number;
      to.set(memory.f32(cache));
      for (let outer = 0; outer * slots * columns < to.length; outer++) {
        const start = outer * count * columns;
        to.set(new_.subarray(start, start + count * columns), (outer * slots + position) * columns);
      }
      return out;
    },
    reduce_sum: (o, node, inputs) => {
      const x = at(inputs, 0);
      const out = output(o, memory, node.shape);
      sumAxes(memory.f32(x), x.shape, node.attributes.axes, memory.f32(out));
      return out;
    },
    sum_squares: (o, node, inputs) => {
      const x = at(inputs, 0);
      const out = output(o, memory, node.shape);
      let sum = 0;
      for (const value of memory.f32(x)) sum += value * value;
      memory.f32(out)[0] = sum;
      return out;
    },
  };
}

/** Sums in float64, walking the input in order: `strides` are the output's, 0 along the axes summed. */
export function sumAxes(
  x: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
  to: Float32Array,
): void {
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (axes.includes(d)) continue;
    strides[d] = stride;
    stride *= shape[d] as number;
  }
  const sums = new Float64Array(to.length);
  const inner = shape.at(-1) ?? 1;
  const innerStride = strides.at(-1) ?? 0;
  const counters = new Array<number>(Math.max(0, shape.length - 1)).fill(0);
  let at = 0;
  for (let start = 0; start < sizeOf(shape); start += inner) {
    if (innerStride === 0) {
      let sum = 0;
      for (let i = 0; i < inner; i++) sum += x[start + i] as number;
      sums[at] = (sums[at] as number) + sum;
    } else {
      for (let i = 0; i < inner; i++) sums[at + i] = (sums[at + i] as number) + (x[start + i] as number);
    }
    for (let d = shape.length - 2; d >= 0; d--) {
      counters[d] = (counters[d] as number) + 1;
      at += strides[d] as number;
      if ((counters[d] as number) < (shape[d] as number)) break;
      at -= (strides[d] as number) * (shape[d] as number);
      counters[d] = 0;
    }
  }
  to.set(sums);
}
