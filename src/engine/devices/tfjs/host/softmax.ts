import { at, type FusedTable, lastOf } from '../kernel.ts';
import { type HostMemory, output } from './memory.ts';

type SoftmaxOp = 'softmax' | 'causal_softmax' | 'softmax_grad' | 'cross_entropy' | 'cross_entropy_grad';

/** softmax of scale * x[start .. start+count) into `to`, zeros up to `columns`. */
function softmaxRow(
  x: Float32Array,
  to: Float32Array,
  start: number,
  count: number,
  columns: number,
  scale: number,
): void {
  let max = -Infinity;
  for (let c = 0; c < count; c++) max = Math.max(max, (x[start + c] as number) * scale);
  let sum = 0;
  for (let c = 0; c < count; c++) {
    const e = Math.exp((x[start + c] as number) * scale - max);
    to[start + c] = e;
    sum += e;
  }
  const inverse = 1 / sum;
  for (let c = 0; c < count; c++) to[start + c] = (to[start + c] as number) * inverse;
  to.fill(0, start + count, start + columns);
}

/** The largest of a row and the log of its sum of exp, with the largest taken out. */
function logSumExp(x: Float32Array, start: number, columns: number): number {
  let max = -Infinity;
  for (let c = 0; c < columns; c++) max = Math.max(max, x[start + c] as number);
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += Math.exp((x[start + c] as number) - max);
  return max + Math.log(sum);
}

export function softmaxKernels(memory: HostMemory): Pick<FusedTable, SoftmaxOp> {
  return {
    softmax: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [x, to] = [memory.f32(at(inputs, 0)), memory.f32(out)];
      for (let start = 0; start < to.length; start += columns) softmaxRow(x, to, start, columns, columns, 1);
      return out;
    },
    causal_softmax: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const rows = node.shape.at(-2) ?? 1;
      const out = output(o, memory, node.shape);
      const [x, to] = [memory.f32(at(inputs, 0)), memory.f32(out)];
      const offset = memory.i32(at(inputs, 1))[0] as number;
      for (let row = 0; row * columns < to.length; row++) {
        const seen = Math.max(0, Math.min(columns, (row % rows) + offset + 1));
        softmaxRow(x, to, row * columns, seen, columns, node.attributes.scale);
      }
      return out;
    },
    softmax_grad: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [y, dy, to] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1)), memory.f32(out)];
      for (let start = 0; start < to.length; start += columns) {
        let dot = 0;
        for (let c = start; c < start + columns; c++) dot += (y[c] as number) * (dy[c] as number);
        for (let c = start; c < start + columns; c++) {
          to[c] = (y[c] as number) * ((dy[c] as number) - dot) * node.attributes.scale;
        }
      }
      return out;
    },
    cross_entropy: (o, node, inputs) => {
      const columns = lastOf(at(inputs, 0).shape);
      const out = output(o, memory, node.shape);
      const [logits, labels, to] = [memory.f32(at(inputs, 0)), memory.i32(at(inputs, 1)), memory.f32(out)];
      for (let row = 0; row < to.length; row++) {
        const label = labels[row] as number;
        const ignored = label === node.attributes.ignore_index;
        const start = row * columns;
        to[row] = ignored ? 0 : logSumExp(logits, start, columns) - (logits[start + label] ?? Number.NaN);
      }
      return out;
    },
    cross_entropy_grad: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [logits, labels] = [memory.f32(at(inputs, 0)), memory.i32(at(inputs, 1))];
      const [dloss, to] = [memory.f32(at(inputs, 2)), memory.f32(out)];
      for (let row = 0; row < labels.length; row++) {
        const start = row * columns;
        const label = labels[row] as number;
        if (label === node.attributes.ignore_index) {
          to.fill(0, start, start + columns);
          continue;
        }
        const by = dloss[row] as number;
        const total = logSumExp(logits, start, columns);
        for (let c = 0; c < columns; c++) {
          const p = Math.exp((logits[start + c] as number) - total);
          to[start + c] = (c === label ? p - 1 : p) * by;
        }
      }
      return out;
    },
  };
}
