import type { TensorInfo } from '@tensorflow/tfjs-core';
import { at, type FusedTable, type Inputs, type OpContext } from '../kernel.ts';
import { type HostMemory, output } from './memory.ts';

/** Elementwise loops. Arithmetic is in float64 between loads and stores. */

type ActivationOp =
  | 'affine'
  | 'gelu'
  | 'gelu_new'
  | 'silu'
  | 'is_finite'
  | 'relu_grad'
  | 'gelu_grad'
  | 'gelu_new_grad'
  | 'silu_grad'
  | 'ema'
  | 'ema_square'
  | 'adamw_update'
  | 'decayed_update';

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

/**
 * The standard normal distribution function. Uses the Chebyshev fit of erfc by W. H. Press et al.,
 * Numerical Recipes, section 6.2: fractional error at most 1.2e-7 everywhere.
 */
export function normalCdf(x: number): number {
  const z = Math.abs(x) * Math.SQRT1_2;
  const t = 1 / (1 + 0.5 * z);
  let p = 0.17087277;
  p = p * t - 0.82215223;
  p = p * t + 1.48851587;
  p = p * t - 1.13520398;
  p = p * t + 0.27886807;
  p = p * t - 0.18628806;
  p = p * t + 0.09678418;
  p = p * t + 0.37409196;
  p = p * t + 1.00002368;
  p = p * t - 1.26551223;
  const erfc = t * Math.exp(-z * z + p);
  return x >= 0 ? 1 - 0.5 * erfc : 0.5 * erfc;
}

/** tanh by one exp: Math.tanh is several times slower. Saturates where exp overflows. */
function tanh(x: number): number {
  return 1 - 2 / (Math.exp(2 * x) + 1);
}

function geluNewInner(x: number): number {
  return tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x));
}

export function activationKernels(memory: HostMemory): Pick<FusedTable, ActivationOp> {
  const map = (f: (x: number) => number) => (o: OpContext, _node: unknown, inputs: Inputs) =>
    mapInto(o, memory, at(inputs, 0), f);
  const grad = (f: (x: number) => number) => (o: OpContext, _node: unknown, inputs: Inputs) => {
    const [x, dy] = [at(inputs, 0), at(inputs, 1)];
    const out = output(o, memory, x.shape);
    const [from, by, to] = [memory.f32(x), memory.f32(dy), memory.f32(out)];
    for (let i = 0; i < to.length; i++) to[i] = (by[i] as number) * f(from[i] as number);
    return out;
  };
  const scalar = (tensor: TensorInfo) => memory.f32(tensor)[0] as number;
  return {
    affine: (o, node, inputs) => {
      const { factor, offset } = node.attributes;
      return mapInto(o, memory, at(inputs, 0), (x) => x * factor + offset);
    },
    is_finite: map((x) => (Number.isFinite(x) ? 1 : 0)),
    gelu: map((x) => x * normalCdf(x)),
    gelu_new: map((x) => 0.5 * x * (1 + geluNewInner(x))),
    silu: map((x) => x / (1 + Math.exp(-x))),
    relu_grad: grad((x) => (x > 0 ? 1 : 0)),
    gelu_grad: grad((x) => normalCdf(x) + x * INV_SQRT_2PI * Math.exp(-0.5 * x * x)),
    gelu_new_grad: grad((x) => {
      const t = geluNewInner(x);
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
    }),
    silu_grad: grad((x) => {
      const s = 1 / (1 + Math.exp(-x));
      return s * (1 + x * (1 - s));
    }),
    ema: (o, node, inputs) => {
      const { beta } = node.attributes;
      const out = output(o, memory, at(inputs, 0).shape);
      const [m, g, to] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1)), memory.f32(out)];
      for (let i = 0; i < to.length; i++) to[i] = beta * (m[i] as number) + (1 - beta) * (g[i] as number);
      return out;
    },
    ema_square: (o, node, inputs) => {
      const { beta } = node.attributes;
      const out = output(o, memory, at(inputs, 0).shape);
      const [v, g, to] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1)), memory.f32(out)];
      for (let i = 0; i < to.length; i++) {
        const gradient = g[i] as number;
        to[i] = beta * (v[i] as number) + (1 - beta) * gradient * gradient;
      }
      return out;
    },
    adamw_update: (o, node, inputs) => {
      const { epsilon, weight_decay } = node.attributes;
      const out = output(o, memory, at(inputs, 0).shape);
      const lr = scalar(at(inputs, 3));
      const [bias1, bias2] = [scalar(at(inputs, 4)), scalar(at(inputs, 5))];
      const [p, m, v] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1)), memory.f32(at(inputs, 2))];
      const to = memory.f32(out);
      for (let i = 0; i < to.length; i++) {
        const step = (m[i] as number) / bias1 / (Math.sqrt((v[i] as number) / bias2) + epsilon);
        to[i] = (p[i] as number) * (1 - lr * weight_decay) - lr * step;
      }
      return out;
    },
    decayed_update: (o, node, inputs) => {
      const out = output(o, memory, at(inputs, 0).shape);
      const lr = scalar(at(inputs, 2));
      const keep = 1 - lr * node.attributes.weight_decay;
      const [p, d, to] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1)), memory.f32(out)];
      for (let i = 0; i < to.length; i++) to[i] = (p[i] as number) * keep - lr * (d[i] as number);
      return out;
    },
  };
}

function mapInto(o: OpContext, memory: HostMemory, x: TensorInfo, f: (x: number) => number): TensorInfo {
  const out = output(o, memory, x.shape);
  const [from, to] = [memory.f32(x), memory.f32(out)];
  for (let i = 0; i < to.length; i++) to[i] = f(from[i] as number);
  return out;
}
