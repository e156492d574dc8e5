import type { ActivationGradOp, BinaryOp, OpName, UnaryOp } from '../../../graph/ir.ts';
import { sizeOf, stridesOf } from '../../../graph/sizes.ts';
import type { Call, Kernel, Kernels, Numbers } from './kernel.ts';
import { input, walk } from './kernel.ts';
import { geluNew, geluNewDerivative, normalCdf, normalDensity, sigmoid } from './special.ts';

function unary<K extends OpName>(f: (x: number) => number): Kernel<K> {
  return (call: Call<K>) => {
    const x = input(call, 0);
    const { out } = call;
    for (let i = 0; i < out.length; i++) out[i] = f(x[i] as number);
  };
}

function activationGrad<K extends OpName>(derivative: (x: number) => number): Kernel<K> {
  return (call: Call<K>) => {
    const x = input(call, 0);
    const dy = input(call, 1);
    const { out } = call;
    for (let i = 0; i < out.length; i++) out[i] = derivative(x[i] as number) * (dy[i] as number);
  };
}

/** An operand laid out as the output is: itself, or with its elements repeated. */
function stretched(values: Numbers, shape: readonly number[], to: readonly number[]): Numbers {
  if (values.length === sizeOf(to)) return values;
  const strides = stridesOf(shape);
  const extra = to.length - shape.length;
  const repeated = to.map((_, axis) =>
    axis < extra || shape[axis - extra] === 1 ? 0 : (strides[axis - extra] as number),
  );
  const result = values instanceof Float64Array ? new Float64Array(sizeOf(to)) : new Float32Array(sizeOf(to));
  walk(to, repeated, 0, (at, from) => {
    result[at] = values[from] as number;
  });
  return result;
}

function binary<K extends OpName>(f: (a: number, b: number) => number): Kernel<K> {
  return (call: Call<K>) => {
    const { node, out, shapes } = call;
    const b = input(call, 1);
    if (b.length === 1) {
      const a = stretched(input(call, 0), shapes[0] ?? [], node.shape);
      const scalar = b[0] as number;
      for (let i = 0; i < out.length; i++) out[i] = f(a[i] as number, scalar);
      return;
    }
    const left = stretched(input(call, 0), shapes[0] ?? [], node.shape);
    const right = stretched(b, shapes[1] ?? [], node.shape);
    for (let i = 0; i < out.length; i++) out[i] = f(left[i] as number, right[i] as number);
  };
}

export const elementwiseKernels: Kernels<
  UnaryOp | ActivationGradOp | BinaryOp | 'affine' | 'add_n' | 'where'
> = {
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  rsqrt: unary((x) => 1 / Math.sqrt(x)),
  square: unary((x) => x * x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  is_finite: unary((x) => (Number.isFinite(x) ? 1 : 0)),
  tanh: unary(Math.tanh),
  sigmoid: unary(sigmoid),
  relu: unary((x) => Math.max(x, 0)),
  gelu: unary((x) => x * normalCdf(x)),
  gelu_new: unary(geluNew),
  silu: unary((x) => x * sigmoid(x)),
  affine: (call) => {
    const { factor, offset } = call.node.attributes;
    const x = input(call, 0);
    const { out } = call;
    for (let i = 0; i < out.length; i++) out[i] = (x[i] as number) * factor + offset;
  },
  relu_grad: activationGrad((x) => (x > 0 ? 1 : 0)),
  gelu_grad: activationGrad((x) => normalCdf(x) + x * normalDensity(x)),
  gelu_new_grad: activationGrad(geluNewDerivative),
  silu_grad: activationGrad((x) => {
    const s = sigmoid(x);
    return s * (1 + x * (1 - s));
  }),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  greater: binary((a, b) => (a > b ? 1 : 0)),
  add_n: (call) => {
    const { inputs, out } = call;
    for (let i = 0; i < out.length; i++) {
      let sum = 0;
      for (const values of inputs) sum += values[i] as number;
      out[i] = sum;
    }
  },
  where: (call) => {
    const condition = input(call, 0);
    const a = input(call, 1);
    const b = input(call, 2);
    const { out } = call;
    for (let i = 0; i < out.length; i++) out[i] = (condition[i] !== 0 ? a[i] : b[i]) as number;
  },
};
