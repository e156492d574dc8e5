import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../graph/sizes.ts';
import { dropoutThreshold, rotaryTable } from '../derive.ts';
import { at, type FusedTable, type Inputs, lastOf, type OpContext } from '../kernel.ts';
import { float, int, runWgsl, type Uniform } from './program.ts';

/** One thread an element. */

type ElementwiseOp =
  | 'is_finite'
  | 'affine'
  | 'gelu'
  | 'gelu_new'
  | 'silu'
  | 'relu_grad'
  | 'gelu_grad'
  | 'gelu_new_grad'
  | 'silu_grad'
  | 'ema'
  | 'ema_square'
  | 'adamw_update'
  | 'decayed_update'
  | 'dropout_mask'
  | 'rotary'
  | 'cache_write'
  | 'embedding';

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/**
 * tanh saturates where exp would overflow (select, unlike clamp, lets NaN through). erfc is the Chebyshev
 * fit of Numerical Recipes, section 6.2, as on the host.
 */
const MATH = `
fn safeTanh(x : f32) -> f32 {
  let twice = select(2.0 * x, 80.0, x > 40.0);
  return 1.0 - 2.0 / (exp(twice) + 1.0);
}
fn geluNewTanh(x : f32) -> f32 {
  return safeTanh(${SQRT_2_OVER_PI} * (x + 0.044715 * x * x * x));
}
fn logistic(x : f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}
fn normalCdf(x : f32) -> f32 {
  let z = abs(x) * ${Math.SQRT1_2};
  let t = 1.0 / (1.0 + 0.5 * z);
  var p = 0.17087277;
  p = p * t - 0.82215223;
  p = p * t + 1.48851587;
  p = p * t - 1.13520398;
  p = p * t + 0.27886807;
  p = p * t - 0.18628806;
  p = p * t + 0.09678418;
  p = p * t + 0.37409196;
  p = p * t + 1.00002368;
  p = p * t - 1.26551223;
  let erfc = t * exp(-z * z + p);
  return select(0.5 * erfc, 1.0 - 0.5 * erfc, x >= 0.0);
}`;

/** base's mix32 and hash32 of three words, in the wrapping arithmetic of u32. */
const HASH = `
fn mix32(value : u32) -> u32 {
  var x = value;
  x = (x ^ (x >> 16u)) * 0x85ebca6bu;
  x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
  return x ^ (x >> 16u);
}
fn absorb(h : u32, word : u32) -> u32 {
  return mix32((h ^ mix32(word + 0x6d2b79f5u)) + 0x9e3779b9u);
}`;

export function elementwiseKernels(backend: WebGPUBackend): Pick<FusedTable, ElementwiseOp> {
  const map = (
    o: OpContext,
    name: string,
    inputs: Readonly<Record<string, TensorInfo>>,
    shape: readonly number[],
    value: string,
    uniforms: readonly Uniform[] = [],
    prelude = '',
    before = '',
  ) =>
    runWgsl(backend, o, {
      name,
      inputs,
      shape,
      prelude,
      uniforms: [int('count', sizeOf(shape)), ...uniforms],
      body: `if (index < uniforms.count) { ${before} result[index] = ${value}; }`,
    });
  const unary = (name: string, value: string) => (o: OpContext, _node: unknown, inputs: Inputs) => {
    const x = at(inputs, 0);
    return map(o, name, { A: x }, x.shape, value, [], MATH, 'let x = A[index];');
  };
  const grad =
    (name: string, slope: string, before = '') =>
    (o: OpContext, _node: unknown, inputs: Inputs) => {
      const [x, dy] = [at(inputs, 0), at(inputs, 1)];
      return map(
        o,
        name,
        { A: x, B: dy },
        x.shape,
        `B[index] * (${slope})`,
        [],
        MATH,
        `let x = A[index]; ${before}`,
      );
    };
  return {
    affine: (o, node, inputs) => {
      const { factor, offset } = node.attributes;
      const uniforms = [float('factor', factor), float('offset', offset)];
      const x = at(inputs, 0);
      return map(o, 'affine', { A: x }, x.shape, 'A[index] * uniforms.factor + uniforms.offset', uniforms);
    },
    is_finite: unary('is_finite', 'select(0.0, 1.0, (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u)'),
    gelu: unary('gelu', 'x * normalCdf(x)'),
    gelu_new: unary('gelu_new', '0.5 * x * (1.0 + geluNewTanh(x))'),
    silu: unary('silu', 'x * logistic(x)'),
    relu_grad: grad('relu_grad', 'select(0.0, 1.0, x > 0.0)'),
    gelu_grad: grad('gelu_grad', `normalCdf(x) + x * ${1 / Math.sqrt(2 * Math.PI)} * exp(-0.5 * x * x)`),
    gelu_new_grad: grad(
      'gelu_new_grad',
      `0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * ${SQRT_2_OVER_PI} * (1.0 + ${3 * 0.044715} * x * x)`,
      'let t = geluNewTanh(x);',
    ),
    silu_grad: grad('silu_grad', 's * (1.0 + x * (1.0 - s))', 'let s = logistic(x);'),
    ema: (o, node, inputs) => {
      const { beta } = node.attributes;
      const m = at(inputs, 0);
      const value = 'uniforms.beta * A[index] + uniforms.rest * B[index]';
      return map(o, 'ema', { A: m, B: at(inputs, 1) }, m.shape, value, [
        float('beta', beta),
        float('rest', 1 - beta),
      ]);
    },
    ema_square: (o, node, inputs) => {
      const { beta } = node.attributes;
      const v = at(inputs, 0);
      const value = 'uniforms.beta * A[index] + uniforms.rest * g * g';
      const uniforms = [float('beta', beta), float('rest', 1 - beta)];
      return map(
        o,
        'ema_square',
        { A: v, B: at(inputs, 1) },
        v.shape,
        value,
        uniforms,
        '',
        'let g = B[index];',
      );
    },
    adamw_update: (o, node, inputs) => {
      const [P, M, V] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const [Rate, BiasA, BiasB] = [at(inputs, 3), at(inputs, 4), at(inputs, 5)];
      const { epsilon, weight_decay } = node.attributes;
      const uniforms = [float('epsilon', epsilon), float('decay', weight_decay)];
      const before = `
        let lr = Rate[0];
        let step = (M[index] / BiasA[0]) / (sqrt(V[index] / BiasB[0]) + uniforms.epsilon);`;
      const value = 'P[index] * (1.0 - lr * uniforms.decay) - lr * step';
      return map(o, 'adamw', { P, M, V, Rate, BiasA, BiasB }, P.shape, value, uniforms, '', before);
    },
    decayed_update: (o, node, inputs) => {
      const [P, D, Rate] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const uniforms = [float('decay', node.attributes.weight_decay)];
      const value = 'P[index] * (1.0 - Rate[0] * uniforms.decay) - Rate[0] * D[index]';
      return map(o, 'decayed_update', { P, D, Rate }, P.shape, value, uniforms);
    },
    dropout_mask: (o, node, inputs) => {
      const { rate, stream } = node.attributes;
      const threshold = dropoutThreshold(rate);
      const uniforms: Uniform[] = [
        { name: 'stream', type: 'u32', value: stream >>> 0 },
        { name: 'threshold', type: 'u32', value: Math.min(threshold, 2 ** 32 - 1) },
        float('kept', threshold >= 2 ** 32 ? 0 : 1 / (1 - rate)),
      ];
      const before =
        'let h = absorb(absorb(absorb(0x9e3779b9u, u32(Seed[0])), uniforms.stream), u32(index));';
      const value = 'select(0.0, uniforms.kept, h >= uniforms.threshold)';
      return map(o, 'dropout_mask', { Seed: at(inputs, 0) }, node.shape, value, uniforms, HASH, before);
    },
    rotary: (o, node, inputs) => {
      const { theta, inverse } = node.attributes;
      const [x, positions] = [at(inputs, 0), at(inputs, 1)];
      const size = lastOf(node.shape);
      const table = o.derived(positions, `rotary ${size} ${theta}`, () =>
        rotaryTable(o.hostValues(positions), size, theta),
      );
      const uniforms = [
        int('half', size / 2),
        int('rows', sizeOf(positions.shape)),
        float('direction', inverse ? -1 : 1),
      ];
      const before = `
        let size = 2 * uniforms.half;
        let d = index % size;
        let row = (index / size) % uniforms.rows;
        let upper = d >= uniforms.half;
        let i = select(d, d - uniforms.half, upper);
        let cosine = Angles[row * uniforms.half + i];
        let sine = uniforms.direction * Angles[(uniforms.rows + row) * uniforms.half + i];
        let partner = X[select(index + uniforms.half, index - uniforms.half, upper)];`;
      const value = 'X[index] * cosine + select(-partner, partner, upper) * sine';
      return map(o, 'rotary', { X: x, Angles: table }, node.shape, value, uniforms, '', before);
    },
    cache_write: (o, node, inputs) => {
      const [cache, rows] = [at(inputs, 0), at(inputs, 1)];
      const uniforms = [
        int('columns', lastOf(cache.shape)),
        int('slots', cache.shape.at(-2) ?? 1),
        int('rows', rows.shape.at(-2) ?? 1),
      ];
      const before = `
        let slot = (index / uniforms.columns) % uniforms.slots;
        let outer = index / (uniforms.columns * uniforms.slots);
        let row = slot - Position[0];
        let written = row >= 0 && row < uniforms.rows;
        let place = (outer * uniforms.rows + clamp(row, 0, uniforms.rows - 1)) * uniforms.columns
          + index % uniforms.columns;`;
      const value = 'select(Cache[index], Rows[place], written)';
      const tensors = { Cache: cache, Rows: rows, Position: at(inputs, 2) };
      return map(o, 'cache_write', tensors, node.shape, value, uniforms, '', before);
    },
    embedding: (o, node, inputs) => {
      const uniforms = [int('columns', lastOf(node.shape))];
      const value = 'Rows[Ids[index / uniforms.columns] * uniforms.columns + index % uniforms.columns]';
      return map(o, 'embedding', { Rows: at(inputs, 0), Ids: at(inputs, 1) }, node.shape, value, uniforms);
    },
  };
}
