import { hash32 } from '../../../../base/random.ts';
import type { Numbers } from '../../../devices/reference/kernels/kernel.ts';
import {
  geluNew,
  geluNewDerivative,
  normalCdf,
  normalDensity,
  sigmoid,
} from '../../../devices/reference/kernels/special.ts';
import { sizeOf } from '../../sizes.ts';
import { broadcastStrides } from '../copies.ts';
import type { BinaryStep, Expression, ExpressionStep, UnaryStep } from '../expression.ts';

/** What an expression stores over operands that are broadcast to `shape`, computed in float64. */
export function evaluate(
  expression: Expression,
  operands: readonly Numbers[],
  shapes: readonly (readonly number[])[],
  shape: readonly number[],
): readonly Float64Array[] {
  const size = sizeOf(shape);
  const strides = shapes.map((operand) => broadcastStrides(operand, shape));
  const results = expression.stores.map(() => new Float64Array(size));
  const values = new Array<number>(expression.operands + expression.steps.length);
  for (let at = 0; at < size; at++) {
    operands.forEach((operand, i) => {
      values[i] = operand[offsetOf(at, shape, strides[i] ?? [])] as number;
    });
    expression.steps.forEach((step, i) => {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = step.args.map((arg) => values[arg] as number);
      values[expression.operands + i] = apply(step, [a, b, c, d, e, f], at);
    });
    expression.stores.forEach((store, i) => {
      (results[i] as Float64Array)[at] = values[store] as number;
    });
  }
  return results;
}

function offsetOf(at: number, shape: readonly number[], strides: readonly number[]): number {
  let rest = at;
  let offset = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    offset += (rest % size) * (strides[axis] as number);
    rest = Math.floor(rest / size);
  }
  return offset;
}

type Six = readonly [number, number, number, number, number, number];

function apply(step: ExpressionStep, [a, b, c, d, e, f]: Six, at: number): number {
  switch (step.op) {
    case 'where':
      return a !== 0 ? b : c;
    case 'affine':
      return a * step.factor + step.offset;
    case 'ema':
      return step.beta * a + (1 - step.beta) * b;
    case 'ema_square':
      return step.beta * a + (1 - step.beta) * b * b;
    case 'adamw_update':
      return a * (1 - d * step.weight_decay) - (d * b) / e / (Math.sqrt(c / f) + step.epsilon);
    case 'decayed_update':
      return a * (1 - c * step.weight_decay) - c * b;
    case 'constant':
      return step.value;
    case 'dropout_mask':
      return hash32(a, step.stream, at) >= step.rate * 4294967296 ? 1 / (1 - step.rate) : 0;
    default:
      return step.args.length === 1 ? UNARY[step.op as UnaryStep](a) : BINARY[step.op as BinaryStep](a, b);
  }
}

const UNARY: Readonly<Record<UnaryStep, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  square: (x) => x * x,
  abs: Math.abs,
  sign: Math.sign,
  is_finite: (x) => (Number.isFinite(x) ? 1 : 0),
  tanh: Math.tanh,
  sigmoid,
  relu: (x) => Math.max(x, 0),
  gelu: (x) => x * normalCdf(x),
  gelu_new: geluNew,
  silu: (x) => x * sigmoid(x),
  gelu_slope: (x) => normalCdf(x) + x * normalDensity(x),
  gelu_new_slope: geluNewDerivative,
  silu_slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
};

const BINARY: Readonly<Record<BinaryStep, (a: number, b: number) => number>> = {
  relu_grad: (x, dy) => (x > 0 ? dy : 0 * dy),
  gelu_grad: (x, dy) => dy * (normalCdf(x) + x * normalDensity(x)),
  gelu_new_grad: (x, dy) => dy * geluNewDerivative(x),
  silu_grad: (x, dy) => {
    const s = sigmoid(x);
    return dy * s * (1 + x * (1 - s));
  },
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  greater: (a, b) => (a > b ? 1 : 0),
};
