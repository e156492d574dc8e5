import type { TensorInfo } from '@tensorflow/tfjs-core';
import { at, type Inputs, type OpContext, type PlainOp, type PlainTable, sizeOf } from './kernel.ts';

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
  where: (o, _node, inputs) => {
    const condition = o.call('NotEqual', { a: at(inputs, 0), b: o.scalar(0) });
    return o.call('Select', { condition, t: at(inputs, 1), e: at(inputs, 2) });
  },
  reduce_max: (o, node, inputs) => {
    const { axes, keep_dims } = node.attributes;
    if (axes.length === 0) return o.call('Identity', { x: at(inputs, 0) });
    return o.call('Max', { x: at(inputs, 0) }, { reductionIndices: [...axes], keepDims: keep_dims });
  },
  reshape: (o, node, inputs) => reshape(o, at(inputs, 0), node.shape),
  transpose: (o, node, inputs) => o.call('Transpose', { x: at(inputs, 0) }, { perm: [...node.attributes.permutation] }),
  slice: (o, node, inputs) =>
    o.call('Slice', { x: at(inputs, 0) }, { begin: [...node.attributes.begin], size: [...node.shape] }),
  concat: (o, node, inputs) => concat(o, inputs, node.attributes.axis),
  broadcast_to: (o, node, inputs) => {
    const x = at(inputs, 0);
    const padded = [...new Array<number>(node.shape.length - x.shape.length).fill(1), ...x.shape];
    const reps = node.shape.map((n, i) => n / (padded[i] ?? 1));
    return o.call('Tile', { x: reshape(o, x, padded) }, { reps });
  },
};

/** Concat's kernels take a list under numbered names. */
function concat(o: OpContext, inputs: Inputs, axis: number): TensorInfo {
  const named: Record<string, TensorInfo> = {};
  for (const [i, x] of inputs.entries()) named[i] = x;
  return o.call('Concat', named, { axis });
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

export const PLAIN_OPS = [...Object.keys(plainKernels), 'matmul'] as readonly PlainOp[];
