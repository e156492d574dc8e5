import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../graph/sizes.ts';
import { positionsById } from '../derive.ts';
import { at, type FusedTable, lastOf, type OpContext } from '../kernel.ts';
import { eachColumn, float, GROUP, int, lanesFor, reductions, rowPrologue, runWgsl } from './program.ts';
import { rowMoments } from './rows.ts';

/** Sums over more than a row, each in a fixed order. */

type SumOp =
  | 'reduce_sum'
  | 'sum_squares'
  | 'layer_norm_grad_weight'
  | 'rms_norm_grad_weight'
  | 'embedding_grad';

/** Elements that one workgroup sums in the first of two passes. */
const CHUNK = GROUP * 64;
/** Rows that one thread sums in the first of two passes over columns. */
const ROWS = 64;

export function sumKernels(backend: WebGPUBackend, emulated: boolean): Pick<FusedTable, SumOp> {
  /** All elements, or their squares, to one number. */
  const total = (o: OpContext, x: TensorInfo, squares: boolean): TensorInfo => {
    const count = sizeOf(x.shape);
    const groups = Math.ceil(count / CHUNK);
    const partial = runWgsl(backend, o, {
      name: squares ? 'total_squares' : 'total',
      inputs: { X: x },
      shape: [groups],
      groups,
      prelude: reductions(GROUP),
      uniforms: [int('count', count), int('groups', groups)],
      body: `
        let group = index / ${GROUP};
        let end = min(uniforms.count, (group + 1) * ${CHUNK});
        var sum = 0.0;
        for (var i = group * ${CHUNK} + i32(localIndex); i < end; i = i + ${GROUP}) {
          sum = sum + ${squares ? 'X[i] * X[i]' : 'X[i]'};
        }
        let all = rowSum(sum);
        if (localIndex == 0u && group < uniforms.groups) { result[group] = all; }`,
    });
    return groups === 1 ? partial : total(o, partial, false);
  };

  /** x as [outer, reduced, inner], summed over the middle: a thread for each result, in two passes. */
  const middle = (o: OpContext, x: TensorInfo, outer: number, reduced: number, inner: number): TensorInfo => {
    const parts = Math.ceil(reduced / ROWS);
    const sums = runWgsl(backend, o, {
      name: 'sum_middle',
      inputs: { X: x },
      shape: [outer, parts, inner],
      uniforms: [
        int('count', outer * parts * inner),
        int('parts', parts),
        int('reduced', reduced),
        int('inner', inner),
      ],
      body: `
        if (index < uniforms.count) {
          let column = index % uniforms.inner;
          let part = (index / uniforms.inner) % uniforms.parts;
          let outer = index / (uniforms.inner * uniforms.parts);
          let end = min(uniforms.reduced, (part + 1) * ${ROWS});
          var sum = 0.0;
          for (var r = part * ${ROWS}; r < end; r = r + 1) {
            sum = sum + X[(outer * uniforms.reduced + r) * uniforms.inner + column];
          }
          result[index] = sum;
        }`,
    });
    return parts === 1 ? sums : middle(o, sums, outer, parts, inner);
  };

  /** The last axis. */
  const last = (o: OpContext, x: TensorInfo, rows: number, columns: number): TensorInfo => {
    const lanes = lanesFor(columns, emulated);
    return runWgsl(backend, o, {
      name: `sum_last ${lanes}`,
      inputs: { X: x },
      shape: [rows],
      threads: rows * lanes,
      prelude: reductions(lanes),
      uniforms: [int('rows', rows), int('columns', columns)],
      body: `${rowPrologue(lanes)}
        var sum = 0.0;
        ${eachColumn(lanes, 'sum = sum + X[start + c];')}
        let all = rowSum(sum);
        if (stored && lane == 0) { result[row] = all; }`,
    });
  };

  /** Row by row the mean, 0 where nothing is centred, and 1 / standard deviation: [rows, 2]. */
  const moments = (o: OpContext, x: TensorInfo, epsilon: number, centre: boolean): TensorInfo => {
    const columns = lastOf(x.shape);
    const rows = sizeOf(x.shape) / columns;
    const lanes = lanesFor(columns, emulated);
    return runWgsl(backend, o, {
      name: `${centre ? 'moments' : 'root_mean_square'} ${lanes}`,
      inputs: { X: x },
      shape: [rows, 2],
      threads: rows * lanes,
      prelude: reductions(lanes),
      uniforms: [int('rows', rows), int('columns', columns), float('epsilon', epsilon)],
      body: `${rowPrologue(lanes)}${rowMoments((code) => eachColumn(lanes, code), centre)}
        if (stored && lane == 0) { result[2 * row] = mean; result[2 * row + 1] = inverse; }`,
    });
  };

  const gradWeight =
    (centre: boolean): FusedTable['layer_norm_grad_weight'] & FusedTable['rms_norm_grad_weight'] =>
    (o, node, inputs) => {
      const [x, dy] = [at(inputs, 0), at(inputs, 1)];
      const columns = lastOf(x.shape);
      const rows = sizeOf(x.shape) / columns;
      const parts = Math.ceil(rows / ROWS);
      const sums = runWgsl(backend, o, {
        name: 'norm_grad_weight',
        inputs: { X: x, Dy: dy, Moments: moments(o, x, node.attributes.epsilon, centre) },
        shape: [parts, columns],
        uniforms: [int('count', parts * columns), int('rows', rows), int('columns', columns)],
        body: `
          if (index < uniforms.count) {
            let column = index % uniforms.columns;
            let part = index / uniforms.columns;
            let end = min(uniforms.rows, (part + 1) * ${ROWS});
            var sum = 0.0;
            for (var r = part * ${ROWS}; r < end; r = r + 1) {
              let i = r * uniforms.columns + column;
              sum = sum + Dy[i] * (X[i] - Moments[2 * r]) * Moments[2 * r + 1];
            }
            result[index] = sum;
          }`,
      });
      return parts === 1 ? sums : middle(o, sums, 1, parts, columns);
    };

  return {
    sum_squares: (o, _node, inputs) => total(o, at(inputs, 0), true),
    layer_norm_grad_weight: gradWeight(true),
    rms_norm_grad_weight: gradWeight(false),
    reduce_sum: (o, node, inputs) => {
      const { axes } = node.attributes;
      let x = at(inputs, 0);
      if (axes.length === 0) return o.call('Identity', { x });
      if (axes.length === x.shape.length) return total(o, x, false);
      // Neighbouring axes are summed together, the last ones first: the others keep their places.
      let shape = [...x.shape];
      for (const { from, to } of neighbours(axes)) {
        const outer = sizeOf(shape.slice(0, from));
        const reduced = sizeOf(shape.slice(from, to));
        const inner = sizeOf(shape.slice(to));
        x = inner === 1 ? last(o, x, outer, reduced) : middle(o, x, outer, reduced, inner);
        shape = [...shape.slice(0, from), ...shape.slice(to)];
      }
      return x;
    },
    embedding_grad: (o, node, inputs) => {
      const [dy, ids] = [at(inputs, 0), at(inputs, 1)];
      const { rows } = node.attributes;
      const columns = lastOf(node.shape);
      const places = o.derived(ids, `places ${rows}`, () => positionsById(o.hostValues(ids), rows));
      return runWgsl(backend, o, {
        name: 'embedding_grad',
        inputs: { Dy: dy, Places: places },
        shape: node.shape,
        uniforms: [int('count', rows * columns), int('rows', rows), int('columns', columns)],
        body: `
          if (index < uniforms.count) {
            let id = index / uniforms.columns;
            let column = index % uniforms.columns;
            let list = uniforms.rows + 1;
            var sum = 0.0;
            for (var i = Places[id]; i < Places[id + 1]; i = i + 1) {
              sum = sum + Dy[Places[list + i] * uniforms.columns + column];
            }
            result[index] = sum;
          }`,
      });
    },
  };
}

/** Runs of neighbouring axes as [from, to), the last run first. */
function neighbours(axes: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const axis of axes) {
    const run = runs.at(-1);
    if (run?.to === axis) run.to = axis + 1;
    else runs.push({ from: axis, to: axis + 1 });
  }
  return runs.reverse();
}
