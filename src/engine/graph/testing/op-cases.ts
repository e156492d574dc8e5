import type { Random } from '../../../base/random.ts';
import type { GraphBuilder } from '../builder.ts';
import { fixed } from '../dim.ts';
import type { AttentionAttributes, Node, OpAttributes, OpName } from '../ir.ts';
import { sizeOf } from '../sizes.ts';

/** One way to call an op: its inputs with shapes drawn at random, and what the op makes of them. */
export interface OpCase {
  readonly inputs: readonly CaseInput[];
  build(g: GraphBuilder, inputs: readonly Node[]): Node;
}

export interface CaseInput {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32';
  readonly values: Float64Array;
}

type MakeCase = (random: Random) => OpCase;

const size = (random: Random, most = 4): number => 1 + random.below(most);

function floats(shape: readonly number[], value: (i: number) => number): CaseInput {
  return { shape, dtype: 'f32', values: Float64Array.from({ length: sizeOf(shape) }, (_, i) => value(i)) };
}

function whole(shape: readonly number[], value: (i: number) => number): CaseInput {
  return { ...floats(shape, value), dtype: 'i32' };
}

export function normal(random: Random, shape: readonly number[]): CaseInput {
  return floats(shape, () => random.normal());
}

/** Far from 0, where a function has a kink or a pole. */
function away(random: Random, shape: readonly number[]): CaseInput {
  return floats(shape, () => {
    const x = random.normal();
    return x + Math.sign(x) * 0.1;
  });
}

/** Numbers no two of which are near one another, the odd ones apart from the even ones. */
function spread(random: Random, shape: readonly number[], parity: 0 | 1): CaseInput {
  const order = Array.from({ length: sizeOf(shape) }, (_, i) => i - 3);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return floats(shape, (i) => (2 * (order[i] as number) + parity) * 0.05);
}

function shapeOf(random: Random): number[] {
  return Array.from({ length: random.below(4) }, () => size(random));
}

/** The shape with some dimensions 1 and some leading ones gone. */
function shrunk(random: Random, shape: readonly number[]): number[] {
  return shape.map((n) => (random.below(3) === 0 ? 1 : n)).slice(random.below(shape.length + 1));
}

function plain<K extends OpName>(op: K, attributes: OpAttributes[K], inputs: readonly CaseInput[]): OpCase {
  return { inputs, build: (g, nodes) => g.node(op, nodes, attributes) };
}

type Draw = (random: Random, shape: readonly number[]) => CaseInput;

const unary =
  (op: OpName, draw: Draw = normal): MakeCase =>
  (random) =>
    plain(op as 'neg', {}, [draw(random, shapeOf(random))]);

const positive: Draw = (random, shape) => floats(shape, () => 0.2 + random.uniform() * 3);

const binary =
  (op: OpName, first: Draw = normal, second: Draw = first): MakeCase =>
  (random) => {
    const shape = shapeOf(random);
    const other = shrunk(random, shape);
    return plain(
      op as 'add',
      {},
      random.below(2) === 0
        ? [first(random, shape), second(random, other)]
        : [first(random, other), second(random, shape)],
    );
  };

const even: Draw = (random, shape) => spread(random, shape, 0);
const odd: Draw = (random, shape) => spread(random, shape, 1);

const reduction =
  (op: 'reduce_sum' | 'reduce_max'): MakeCase =>
  (random) => {
    const shape = [size(random), size(random), size(random)];
    const axes = [0, 1, 2].filter(() => random.below(2) === 0);
    return plain(op, { axes, keep_dims: random.below(2) === 0 }, [even(random, shape)]);
  };

function leading(random: Random): number[] {
  return Array.from({ length: random.below(3) }, () => size(random, 3));
}

const norm =
  (op: 'layer_norm' | 'rms_norm', vectors: number): MakeCase =>
  (random) => {
    const width = 2 + random.below(5);
    const inputs = [normal(random, [...leading(random), size(random), width])];
    for (let i = 0; i < vectors; i++) inputs.push(normal(random, [width]));
    return plain(op, { epsilon: 0.1 }, inputs); // a small epsilon bends more than differences can follow
  };

/** By op; every op that has a gradient must be here. */
export const OP_CASES: Partial<Record<OpName, MakeCase>> = {
  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log', positive),
  sqrt: unary('sqrt', positive),
  rsqrt: unary('rsqrt', positive),
  square: unary('square'),
  abs: unary('abs', away),
  sign: unary('sign', away),
  is_finite: unary('is_finite'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  relu: unary('relu', away),
  gelu: unary('gelu'),
  gelu_new: unary('gelu_new'),
  silu: unary('silu'),
  affine: (random) =>
    plain('affine', { factor: random.normal(), offset: random.normal() }, [normal(random, shapeOf(random))]),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div', normal, (random, shape) =>
    floats(shape, () => (random.below(2) * 2 - 1) * (0.5 + random.uniform())),
  ),
  maximum: binary('maximum', even, odd),
  minimum: binary('minimum', even, odd),
  greater: binary('greater', even, odd),
  add_n: (random) => {
    const shape = shapeOf(random);
    return plain(
      'add_n',
      {},
      Array.from({ length: size(random) }, () => normal(random, shape)),
    );
  },
  where: (random) => {
    const shape = shapeOf(random);
    const condition = floats(shape, () => random.below(2));
    return {
      // The condition is data, not something to differentiate by.
      inputs: [normal(random, shape), normal(random, shape), { ...condition, dtype: 'i32' }],
      build: (g, [a, b, c]) => g.node('where', [c as Node, a as Node, b as Node], {}),
    };
  },
  reduce_sum: reduction('reduce_sum'),
  reduce_max: reduction('reduce_max'),
  sum_squares: unary('sum_squares'),
  reshape: (random) => {
    const [a, b, c] = [size(random), size(random), size(random)];
    const to = [[a * b * c], [c, a * b], [b, 1, c, a]][random.below(3)] as number[];
    return {
      inputs: [normal(random, [a, b, c])],
      build: (g, [x]) => g.node('reshape', [x as Node], {}, to.map(fixed)),
    };
  },
  transpose: (random) => {
    const permutation = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [0, 2, 1],
    ][random.below(4)] as number[];
    return plain('transpose', { permutation }, [normal(random, [size(random), size(random), size(random)])]);
  },
  slice: (random) => {
    const shape = [size(random), size(random), size(random)];
    const begin = shape.map((n) => random.below(n));
    const to = shape.map((n, i) => 1 + random.below(n - (begin[i] as number)));
    return {
      inputs: [normal(random, shape)],
      build: (g, [x]) => g.node('slice', [x as Node], { begin }, to.map(fixed)),
    };
  },
  concat: (random) => {
    const axis = random.below(3);
    const shape = [size(random), size(random), size(random)];
    const inputs = Array.from({ length: size(random) }, () =>
      normal(
        random,
        shape.map((n, i) => (i === axis ? size(random) : n)),
      ),
    );
    return plain('concat', { axis }, inputs);
  },
  broadcast_to: (random) => {
    const shape = shapeOf(random);
    return {
      inputs: [normal(random, shrunk(random, shape))],
      build: (g, [x]) => g.node('broadcast_to', [x as Node], {}, shape.map(fixed)),
    };
  },
  matmul: (random) => {
    const [m, k, n] = [size(random, 6), size(random, 6), size(random, 6)];
    const [transpose_a, transpose_b] = [random.below(2) === 1, random.below(2) === 1];
    const batch = leading(random);
    const shared = random.below(2) === 0;
    return plain('matmul', { transpose_a, transpose_b }, [
      normal(random, [...batch, ...(transpose_a ? [k, m] : [m, k])]),
      normal(random, [...(shared ? [] : batch), ...(transpose_b ? [n, k] : [k, n])]),
    ]);
  },
  embedding: (random) => {
    const rows = size(random, 5);
    return plain('embedding', {}, [
      normal(random, [rows, size(random)]),
      whole([...leading(random), size(random, 5)], () => random.below(rows)),
    ]);
  },
  layer_norm: norm('layer_norm', 2),
  rms_norm: norm('rms_norm', 1),
  softmax: (random) => plain('softmax', {}, [normal(random, [...leading(random), size(random, 6)])]),
  causal_softmax: (random) => {
    const [queries, keys] = [size(random), size(random, 6)];
    return plain('causal_softmax', { scale: 0.3 + random.uniform() }, [
      normal(random, [...leading(random), queries, keys]),
      whole([], () => random.below(keys)),
    ]);
  },
  cross_entropy: (random) => {
    const [rows, vocab] = [size(random, 5), size(random, 6)];
    return plain('cross_entropy', { ignore_index: -100 }, [
      normal(random, [rows, vocab]),
      whole([rows], () => (random.below(4) === 0 ? -100 : random.below(vocab))),
    ]);
  },
  rotary: (random) => {
    const time = size(random);
    return plain('rotary', { theta: 100, inverse: random.below(2) === 0 }, [
      normal(random, [...leading(random), time, 2 * size(random, 3)]),
      whole([time], () => random.below(50)),
    ]);
  },
  attention: (random) => {
    const attributes = attentionAttributes(random, random.below(3) === 0 ? 0.3 : 0);
    const { batch, time, heads, key_heads, head_size, rate } = attributes;
    return plain('attention', attributes, [
      normal(random, [batch * time, (heads + 2 * key_heads) * head_size]),
      ...(rate > 0 ? [whole([], () => random.below(1000))] : []),
    ]);
  },
  rotary_heads: (random) => {
    const [time, heads, head_size] = [size(random), size(random), 2 * size(random, 3)];
    const attributes = { heads, head_size, time, theta: 100, inverse: random.below(2) === 0 };
    return plain('rotary_heads', attributes, [
      normal(random, [size(random, 3) * time, heads * head_size + random.below(5)]),
      whole([time], () => random.below(50)),
    ]);
  },
  after: (random) => {
    const inputs = [normal(random, shapeOf(random)), normal(random, shapeOf(random))];
    return plain('after', {}, inputs);
  },
};

/** Heads that share keys in groups, all or none; a sequence of one token now and then. */
export function attentionAttributes(random: Random, rate: number): AttentionAttributes {
  const key_heads = size(random, 3);
  return {
    batch: size(random, 3),
    time: size(random, 5),
    heads: key_heads * size(random, 3),
    key_heads,
    head_size: size(random, 5),
    scale: 0.3 + random.uniform(),
    rate,
    stream: random.below(9),
  };
}
