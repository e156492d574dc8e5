import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../graph/sizes.ts';
import { at, type FusedTable, lastOf, type OpContext } from '../kernel.ts';
import {
  eachColumn,
  float,
  int,
  lanesFor,
  reductions,
  rowPrologue,
  runWgsl,
  type Uniform,
} from './program.ts';

/** Some neighbouring threads a row. */

type RowOp =
  | 'layer_norm'
  | 'layer_norm_grad_x'
  | 'rms_norm'
  | 'rms_norm_grad_x'
  | 'softmax'
  | 'causal_softmax'
  | 'softmax_grad'
  | 'cross_entropy'
  | 'cross_entropy_grad';

type Each = (code: string, count?: string) => string;

/** Mean and 1 / standard deviation of a row, in two passes. RMSNorm has no mean. */
export const rowMoments = (each: Each, centre: boolean) => `
  let width = f32(columns);
  ${centre ? `var sum = 0.0; ${each('sum = sum + X[start + c];')} let mean = rowSum(sum) / width;` : 'let mean = 0.0;'}
  var square = 0.0;
  ${each('let d = X[start + c] - mean; square = square + d * d;')}
  let inverse = inverseSqrt(rowSum(square) / width + uniforms.epsilon);`;

const normForward = (centre: boolean) => (each: Each) =>
  `${rowMoments(each, centre)}
  if (stored) { ${each(`result[start + c] = (X[start + c] - mean) * inverse * W[c]${centre ? ' + B[c]' : ''};`)} }`;

const normGradX = (centre: boolean) => (each: Each) =>
  `${rowMoments(each, centre)}
  var total = 0.0;
  var dot = 0.0;
  ${each(`let g = Dy[start + c] * W[c]; total = total + g; dot = dot + g * (X[start + c] - mean) * inverse;`)}
  let shift = ${centre ? 'rowSum(total) / width' : '0.0'};
  let along = rowSum(dot) / width;
  if (stored) { ${each(`
    let normal = (X[start + c] - mean) * inverse;
    result[start + c] = (Dy[start + c] * W[c] - shift - normal * along) * inverse;`)} }`;

/** Largest and sum of exp over the first `seen` columns of scale * X. */
const softmaxStats = (each: Each) => `
  var most = -3.4028234e38;
  ${each('most = max(most, X[start + c] * scale);', 'seen')}
  let largest = rowMax(most);
  var sum = 0.0;
  ${each('sum = sum + exp(X[start + c] * scale - largest);', 'seen')}
  let total = rowSum(sum);`;

export function rowKernels(backend: WebGPUBackend, emulated: boolean): Pick<FusedTable, RowOp> {
  const rows = (
    o: OpContext,
    name: string,
    inputs: Readonly<Record<string, TensorInfo>>,
    over: TensorInfo,
    shape: readonly number[],
    body: (each: Each) => string,
    uniforms: readonly Uniform[] = [],
  ) => {
    const columns = lastOf(over.shape);
    const count = sizeOf(over.shape) / columns;
    const lanes = lanesFor(columns, emulated);
    return runWgsl(backend, o, {
      name: `${name} ${lanes}`,
      inputs,
      shape,
      threads: count * lanes,
      prelude: reductions(lanes),
      uniforms: [int('rows', count), int('columns', columns), ...uniforms],
      body: rowPrologue(lanes) + body((code, until) => eachColumn(lanes, code, until)),
    });
  };
  return {
    layer_norm: (o, node, inputs) => {
      const [X, W, B] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const epsilon = float('epsilon', node.attributes.epsilon);
      return rows(o, 'layer_norm', { X, W, B }, X, node.shape, normForward(true), [epsilon]);
    },
    layer_norm_grad_x: (o, node, inputs) => {
      const [X, W, Dy] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const epsilon = float('epsilon', node.attributes.epsilon);
      return rows(o, 'layer_norm_grad_x', { X, W, Dy }, X, node.shape, normGradX(true), [epsilon]);
    },
    rms_norm: (o, node, inputs) => {
      const [X, W] = [at(inputs, 0), at(inputs, 1)];
      const epsilon = float('epsilon', node.attributes.epsilon);
      return rows(o, 'rms_norm', { X, W }, X, node.shape, normForward(false), [epsilon]);
    },
    rms_norm_grad_x: (o, node, inputs) => {
      const [X, W, Dy] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const epsilon = float('epsilon', node.attributes.epsilon);
      return rows(o, 'rms_norm_grad_x', { X, W, Dy }, X, node.shape, normGradX(false), [epsilon]);
    },
    softmax: (o, node, inputs) => {
      const X = at(inputs, 0);
      const body = (each: Each) => `
        let seen = columns;
        let scale = 1.0;
        ${softmaxStats(each)}
        if (stored) { ${each('result[start + c] = exp(X[start + c] - largest) / total;')} }`;
      return rows(o, 'softmax', { X }, X, node.shape, body);
    },
    causal_softmax: (o, node, inputs) => {
      const [X, Offset] = [at(inputs, 0), at(inputs, 1)];
      const uniforms = [int('queries', node.shape.at(-2) ?? 1), float('scale', node.attributes.scale)];
      const body = (each: Each) => `
        let seen = clamp(row % uniforms.queries + Offset[0] + 1, 0, columns);
        let scale = uniforms.scale;
        ${softmaxStats(each)}
        if (stored) { ${each(`
          let e = exp(X[start + c] * scale - largest) / total;
          result[start + c] = select(0.0, e, c < seen);`)} }`;
      return rows(o, 'causal_softmax', { X, Offset }, X, node.shape, body, uniforms);
    },
    softmax_grad: (o, node, inputs) => {
      const [Y, Dy] = [at(inputs, 0), at(inputs, 1)];
      const body = (each: Each) => `
        var dot = 0.0;
        ${each('dot = dot + Y[start + c] * Dy[start + c];')}
        let along = rowSum(dot);
        if (stored) { ${each('result[start + c] = Y[start + c] * (Dy[start + c] - along) * uniforms.scale;')} }`;
      return rows(o, 'softmax_grad', { Y, Dy }, Y, node.shape, body, [float('scale', node.attributes.scale)]);
    },
    cross_entropy: (o, node, inputs) => {
      const [X, Labels] = [at(inputs, 0), at(inputs, 1)];
      const body = (each: Each) => `
        let seen = columns;
        let scale = 1.0;
        ${softmaxStats(each)}
        if (stored && lane == 0) {
          let label = Labels[row];
          let ignored = label == uniforms.ignored;
          let chosen = X[start + clamp(label, 0, columns - 1)];
          result[row] = select(largest + log(total) - chosen, 0.0, ignored);
        }`;
      const uniforms = [int('ignored', node.attributes.ignore_index)];
      return rows(o, 'cross_entropy', { X, Labels }, X, node.shape, body, uniforms);
    },
    cross_entropy_grad: (o, node, inputs) => {
      const [X, Labels, Dloss] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const body = (each: Each) => `
        let seen = columns;
        let scale = 1.0;
        ${softmaxStats(each)}
        let label = Labels[row];
        let ignored = label == uniforms.ignored;
        if (stored) { ${each(`
          let p = exp(X[start + c] - largest) / total;
          let d = select(p, p - 1.0, c == label) * Dloss[row];
          result[start + c] = select(d, 0.0, ignored);`)} }`;
      const uniforms = [int('ignored', node.attributes.ignore_index)];
      return rows(o, 'cross_entropy_grad', { X, Labels, Dloss }, X, node.shape, body, uniforms);
    },
  };
}
