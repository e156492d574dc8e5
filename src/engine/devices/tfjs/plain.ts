import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../graph/sizes.ts';
import { at, type Inputs, type OpContext, type PlainTable } from './kernel.ts';

/** The ops that are one tfjs kernel each, or two, on every backend. */

function unary(kernel: string) {
  return (o: OpContext, _node: unknown, inputs: Inputs): TensorInfo => o.call(kernel, { x: at(inputs, 0) });
}

function binary(kernel: string) {
  return (o: OpContext, _node: unknown, inputs: Inputs): TensorInfo =>
    o.call(kernel, { a: at(inputs, 0), b: at(inputs, 1) });
}

export function reshape(o: OpContext, x: TensorInfo, shape: readonly number[]): TensorInfo {
  return o.call('Reshape', { x }, { shape: [...shape] });
}

/** Comparisons give booleans; here they are numbers. */
export function asNumber(o: OpContext, x: TensorInfo): TensorInfo {
  return o.call('Cast', { x }, { dtype: 'float32' });
}

export const plainKernels: Omit<PlainTable, 'matmul'> = {
  neg: unary('Neg'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  rsqrt: unary('Rsqrt'),
  square: unary('Square'),
  abs: unary('Abs'),
  sign: unary('Sign'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  relu: unary('Relu'),
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Multiply'),
  div: binary('RealDiv'),
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  greater: (o, _node, inputs) => asNumber(o, o.call('Greater', { a: at(inputs, 0), b: at(inputs, 1) })),
  add_n: (o, _node, inputs) => {
    let sum = at(inputs, 0);
    if (inputs.length === 1) return o.call('Identity', { x: sum });
    for (const next of inputs.slice(1)) sum = o.call('Add', { a: sum, b: next });
    return sum;
  },
  where: (o, node, inputs) => {
    // As vectors: tfjs-webgpu's Select is malformed WGSL for one number, and missing from rank 5 on.
    const flat = (i: number): TensorInfo => reshape(o, at(inputs, i), [sizeOf(node.shape)]);
    const condition = o.call('NotEqual', { a: flat(0), b: o.scalar(0) });
    return reshape(o, o.call('Select', { condition, t: flat(1), e: flat(2) }), node.shape);
  },
  reduce_max: (o, node, inputs) => {
    const { axes, keep_dims } = node.attributes;
    if (axes.length === 0) return o.call('Identity', { x: at(inputs, 0) });
    return o.call('Max', { x: at(inputs, 0) }, { reductionIndices: [...axes], keepDims: keep_dims });
  },
  after: (o, _node, inputs) => o.call('Identity', { x: at(inputs, 0) }),
  reshape: (o, node, inputs) => reshape(o, at(inputs, 0), node.shape),
  transpose: (o, node, inputs) =>
    o.call('Transpose', { x: at(inputs, 0) }, { perm: [...node.attributes.permutation] }),
  slice: (o, node, inputs) =>
    o.call('Slice', { x: at(inputs, 0) }, { begin: [...node.attributes.begin], size: [...node.shape] }),
  concat: (o, node, inputs) => o.call('Concat', inputs, { axis: node.attributes.axis }),
  broadcast_to: (o, node, inputs) => broadcast(o, at(inputs, 0), node.shape),
};

/**
 * Repeats along one run of axes at a time, as [outer, 1, inner]: tfjs's Tile leaves the device from rank 5
 * on.
 */
function broadcast(o: OpContext, x: TensorInfo, target: readonly number[]): TensorInfo {
  const shape = [...new Array<number>(target.length - x.shape.length).fill(1), ...x.shape];
  let result = reshape(o, x, shape);
  for (let end = target.length; end > 0; end--) {
    if (shape[end - 1] === target[end - 1]) continue;
    let start = end - 1;
    while (start > 0 && shape[start - 1] === 1) start--;
    const outer = sizeOf(shape.slice(0, start));
    const inner = sizeOf(target.slice(end));
    const flat = reshape(o, result, [outer, 1, inner]);
    result = o.call('Tile', { x: flat }, { reps: [1, sizeOf(target.slice(start, end)), 1] });
    end = start + 1;
  }
  return reshape(o, result, target);
}

/** tfjs's batched matmul, with `a` flattened where `b` is one matrix: fewer, larger products. */
export const matmul: PlainTable['matmul'] = (o, node, inputs) => {
  const { transpose_a: transposeA, transpose_b: transposeB } = node.attributes;
  const [a, b] = [at(inputs, 0), at(inputs, 1)];
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    const k = a.shape.at(-1) ?? 1;
    const flat = reshape(o, a, [sizeOf(a.shape) / k, k]);
    return reshape(o, o.call('BatchMatMul', { a: flat, b }, { transposeA, transposeB }), node.shape);
  }
  return o.call('BatchMatMul', { a, b }, { transposeA, transposeB });
};
