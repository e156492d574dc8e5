import type { Random } from '../../base/random.ts';
import type { OpAttributes, OpName } from '../graph/ir.ts';
import { sizeOf } from '../graph/sizes.ts';
import type { Cases, OpCase, Operand } from './acceptance-operands.ts';
import { filled, ids, int, normal, size } from './acceptance-operands.ts';
import { attentionCases } from './attention-cases.ts';

/** What every op is tried with: ordinary shapes of random size, and the edges. */

type ComputedOp = Exclude<OpName, 'input' | 'state' | 'constant' | 'iota'>;

function positive(random: Random, ...shape: readonly number[]): Operand {
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => 0.1 + 3 * random.uniform()) };
}

/** Numbers of few values, so that comparisons meet equals and conditions meet zeros. */
function coarse(random: Random, ...shape: readonly number[]): Operand {
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => random.below(3) - 1) };
}

function shapes(random: Random): readonly (readonly number[])[] {
  return [[], [1], [size(random, 300)], [size(random, 9), size(random, 70)], [2, 3, size(random, 5), 7]];
}

function unary<K extends OpName>(
  make: (random: Random, ...shape: readonly number[]) => Operand,
  inputs = 1,
): Cases<K> {
  return (random) =>
    shapes(random).map((shape) => ({
      inputs: Array.from({ length: inputs }, () => make(random, ...shape)),
      attributes: {} as OpAttributes[K],
    }));
}

function broadcasting<K extends OpName>(
  make: (random: Random, ...shape: readonly number[]) => Operand,
  second = make,
): Cases<K> {
  return (random) => {
    const [m, n] = [size(random, 9), size(random, 40)];
    const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
      [[], []],
      [
        [m, n],
        [m, n],
      ],
      [[m, n], [n]],
      [[m, n], []],
      [
        [m, 1],
        [m, n],
      ],
      [[1], [2, m, n]],
      [
        [2, m, 1, n],
        [m, 3, n],
      ],
      [
        [2, 1, 3, m, 2],
        [2, 2, 1, 1, 2],
      ],
    ];
    return pairs.map(([a, b]) => ({
      inputs: [make(random, ...a), second(random, ...b)],
      attributes: {} as OpAttributes[K],
    }));
  };
}

function reductions<K extends 'reduce_sum' | 'reduce_max'>(): Cases<K> {
  return (random) => {
    const n = size(random, 90);
    const tries: readonly (readonly [readonly number[], readonly number[], boolean])[] = [
      [[1], [0], false],
      [[n], [0], true],
      [[7, n], [0], false],
      [[7, n], [1], false],
      [[2, 3, n], [0, 1], false],
      [[2, 3, n], [0, 2], true],
      [[3, n, 4], [1], true],
      [[2, 2, 3, 2, n], [2], false],
      [[300, 5], [0, 1], false],
      [[150, 3], [0], false],
    ];
    return tries.map(([shape, axes, keep_dims]) => ({
      inputs: [normal(random, ...shape)],
      attributes: { axes, keep_dims } as OpAttributes[K],
    }));
  };
}

function norm<K extends OpName>(inputs: string, epsilon = 1e-5): Cases<K> {
  const operand = (random: Random, kind: string, rows: readonly number[], columns: number) =>
    kind === 'x' ? normal(random, ...rows, columns) : normal(random, columns);
  return (random) =>
    (
      [
        [[2, 3], 33],
        [[size(random, 70)], size(random, 150)],
        [[1], 3],
        [[130], 8],
      ] as const
    ).map(([rows, columns]) => ({
      inputs: [...inputs].map((kind) => operand(random, kind, rows, columns)),
      attributes: { epsilon } as unknown as OpAttributes[K],
    }));
}

function labels(random: Random, rows: number, columns: number): Operand {
  const values = Int32Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? -100 : random.below(columns)));
  return { shape: [rows], ids: values };
}

function crossEntropy<K extends 'cross_entropy' | 'cross_entropy_grad'>(gradient: boolean): Cases<K> {
  return (random) =>
    (
      [
        [5, 65],
        [size(random, 20), size(random, 200)],
        [1, 1],
        [3, 2],
      ] as const
    ).map(([rows, columns]) => ({
      inputs: [
        normal(random, rows, columns),
        labels(random, rows, columns),
        ...(gradient ? [normal(random, rows)] : []),
      ],
      attributes: { ignore_index: -100 } as OpAttributes[K],
    }));
}

function products(random: Random): readonly OpCase<'matmul'>[] {
  const cases: OpCase<'matmul'>[] = [];
  const [m, k, n] = [size(random, 40), size(random, 40), size(random, 40)];
  for (const transpose_a of [false, true]) {
    for (const transpose_b of [false, true]) {
      const a = transpose_a ? [k, m] : [m, k];
      const b = transpose_b ? [n, k] : [k, n];
      const attributes = { transpose_a, transpose_b };
      cases.push({ inputs: [normal(random, ...a), normal(random, ...b)], attributes });
      cases.push({ inputs: [normal(random, 2, 3, ...a), normal(random, 2, 3, ...b)], attributes });
      cases.push({ inputs: [normal(random, 3, ...a), normal(random, ...b)], attributes });
    }
  }
  const plain = { transpose_a: false, transpose_b: false };
  const shapes = [
    // K of 2,000 and more with few results: where tfjs would add atomically
    [
      [1, 2100],
      [2100, 40],
    ],
    [
      [20, 2048],
      [2048, 30],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [64, 64],
      [64, 64],
    ],
    [
      [130, 20],
      [20, 96],
    ],
    [
      [1, 48],
      [48, 65],
    ],
  ] as const;
  for (const [a, b] of shapes)
    cases.push({ inputs: [normal(random, ...a), normal(random, ...b)], attributes: plain });
  return cases;
}

/** What is no number, what is barely one, and denormals. */
const EDGES = Float32Array.of(
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[3.4028234e38, -3.4028234e38, 1e-40, -1e-45, 0, -0],
);

export const OP_CASES: { readonly [K in ComputedOp]: Cases<K> } = {
  ...attentionCases,
  neg: unary(normal),
  exp: unary(normal),
  log: unary(positive),
  sqrt: unary(positive),
  rsqrt: unary(positive),
  square: unary(normal),
  abs: unary(normal),
  sign: unary(coarse),
  is_finite: (random) => [
    ...unary<'is_finite'>(normal)(random),
    { inputs: [{ shape: [9], values: EDGES }], attributes: {} },
  ],
  tanh: unary(normal),
  sigmoid: unary(normal),
  relu: unary(normal),
  gelu: unary(normal),
  gelu_new: (random) => [
    ...unary<'gelu_new'>(normal)(random),
    { inputs: [{ shape: [4], values: Float32Array.of(-90, -9, 9, 90) }], attributes: {} },
  ],
  silu: (random) => [
    ...unary<'silu'>(normal)(random),
    { inputs: [{ shape: [4], values: Float32Array.of(-90, -9, 9, 90) }], attributes: {} },
  ],
  affine: (random) =>
    [
      [2.5, -1],
      [1, 0],
      [-1, 0.25],
      [1, 3],
    ].map(([factor = 1, offset = 0]) => ({
      inputs: [normal(random, size(random, 5), 9)],
      attributes: { factor, offset },
    })),
  relu_grad: unary(normal, 2),
  gelu_grad: unary(normal, 2),
  gelu_new_grad: unary(normal, 2),
  silu_grad: unary(normal, 2),
  add: broadcasting(normal),
  sub: broadcasting(normal),
  mul: broadcasting(normal),
  div: broadcasting(normal, positive),
  maximum: broadcasting(coarse),
  minimum: broadcasting(coarse),
  greater: broadcasting(coarse),
  add_n: (random) => [
    ...unary<'add_n'>(normal, 1)(random),
    ...unary<'add_n'>(normal, 2)(random),
    ...unary<'add_n'>(normal, 5)(random),
  ],
  where: (random) =>
    [...shapes(random), [], [2, 1, 2, 2, 3]].map((shape) => ({
      inputs: [coarse(random, ...shape), normal(random, ...shape), normal(random, ...shape)],
      attributes: {},
    })),
  reduce_sum: reductions(),
  reduce_max: reductions(),
  sum_squares: unary(normal),
  reshape: (random) => [
    { inputs: [normal(random, 4, 6)], attributes: {}, target: [2, 3, 4] },
    { inputs: [normal(random, 1)], attributes: {}, target: [] },
    { inputs: [normal(random, 3, 5, 7)], attributes: {}, target: [105] },
  ],
  transpose: (random) => [
    { inputs: [normal(random, size(random, 40), size(random, 40))], attributes: { permutation: [1, 0] } },
    { inputs: [normal(random, 2, 5, 3, 8)], attributes: { permutation: [0, 2, 1, 3] } },
    { inputs: [normal(random, 2, 3, 4)], attributes: { permutation: [2, 0, 1] } },
    { inputs: [normal(random, 2, 3, 2, 3, 2)], attributes: { permutation: [4, 0, 3, 1, 2] } },
  ],
  slice: (random) => [
    { inputs: [normal(random, 4, 9)], attributes: { begin: [1, 3] }, target: [2, 5] },
    { inputs: [normal(random, 6)], attributes: { begin: [0] }, target: [6] },
    { inputs: [normal(random, 2, 3, 12)], attributes: { begin: [0, 0, 8] }, target: [2, 3, 4] },
    {
      inputs: [normal(random, 2, 2, 3, 2, 3)],
      attributes: { begin: [0, 1, 1, 0, 2] },
      target: [2, 1, 2, 2, 1],
    },
  ],
  concat: (random) => [
    { inputs: [normal(random, 2, 3), normal(random, 2, 5)], attributes: { axis: 1 } },
    { inputs: [normal(random, 1, 3), normal(random, 2, 3), normal(random, 4, 3)], attributes: { axis: 0 } },
    { inputs: [normal(random, 2, 2, 3, 1), normal(random, 2, 2, 3, 2)], attributes: { axis: 3 } },
  ],
  broadcast_to: (random) => [
    { inputs: [normal(random)], attributes: {}, target: [3, 4] },
    { inputs: [normal(random, 5)], attributes: {}, target: [3, 5] },
    { inputs: [normal(random, 2, 1, 3)], attributes: {}, target: [2, 4, 3] },
    { inputs: [normal(random, 2, 2, 1, 3, 4)], attributes: {}, target: [2, 2, 3, 3, 4] },
  ],
  matmul: products,
  embedding: (random) => [
    { inputs: [normal(random, 11, 8), ids(random, 11, 2, 5)], attributes: {} },
    { inputs: [normal(random, 1, 1), ids(random, 1, 1)], attributes: {} },
    { inputs: [normal(random, 70, size(random, 40)), ids(random, 70, size(random, 90))], attributes: {} },
  ],
  embedding_grad: (random) => [
    { inputs: [normal(random, 2, 5, 8), ids(random, 11, 2, 5)], attributes: { rows: 11 } },
    { inputs: [normal(random, 1, 1), ids(random, 1, 1)], attributes: { rows: 1 } },
    { inputs: [normal(random, 300, 5), ids(random, 4, 300)], attributes: { rows: 9 } },
  ],
  layer_norm: norm('xww'),
  layer_norm_grad_x: norm('xwx'),
  layer_norm_grad_weight: norm('xx'),
  rms_norm: norm('xw', 1e-6),
  rms_norm_grad_x: norm('xwx', 1e-6),
  rms_norm_grad_weight: norm('xx', 1e-6),
  softmax: (random) =>
    // more rows than a GPU dispatches in one dimension
    [[7, 33], [size(random, 20), size(random, 150)], [1], [65_537, 2]].map((shape) => ({
      inputs: [normal(random, ...shape)],
      attributes: {},
    })),
  causal_softmax: (random) =>
    (
      [
        [[2, 3, 9, 9], 0],
        [[2, 1, 12], 7],
        [[1, 1], 0],
        [[5, 70], 60],
        [[4, 4], 9],
      ] as const
    ).map(([shape, offset]) => ({
      inputs: [normal(random, ...shape), int(offset)],
      attributes: { scale: 0.35 },
    })),
  softmax_grad: (random) =>
    [[7, 33], [2, size(random, 9), size(random, 150)], [1]].map((shape) => ({
      inputs: [positive(random, ...shape), normal(random, ...shape)],
      attributes: { scale: 0.35 },
    })),
  cross_entropy: crossEntropy(false),
  cross_entropy_grad: crossEntropy(true),
  dropout_mask: (random) => [
    { inputs: [int(random.below(2 ** 31))], attributes: { rate: 0.1, stream: 3 }, target: [4, 50] },
    { inputs: [int(-random.below(2 ** 31))], attributes: { rate: 0.5, stream: 70_000 }, target: [333] },
    { inputs: [int(7)], attributes: { rate: 0, stream: 0 }, target: [5] },
  ],
  rotary: (random) => [
    {
      inputs: [normal(random, 2, 3, 5, 8), { shape: [5], ids: Int32Array.of(0, 1, 2, 900, 8000) }],
      attributes: { theta: 10_000, inverse: false },
    },
    {
      inputs: [normal(random, 1, 6), int1(random.below(2048))],
      attributes: { theta: 500_000, inverse: true },
    },
  ],
  cache_write: (random) => [
    { inputs: [normal(random, 2, 3, 9, 4), normal(random, 2, 3, 2, 4), int(5)], attributes: {} },
    { inputs: [normal(random, 4, 3), normal(random, 4, 3), int(0)], attributes: {} },
    { inputs: [normal(random, 2, 7, 3), normal(random, 2, 1, 3), int(6)], attributes: {} },
  ],
  after: unary(normal, 2),
  ema: (random) => shapes(random).map((shape) => pair(random, shape, { beta: 0.9 })),
  ema_square: (random) => shapes(random).map((shape) => pair(random, shape, { beta: 0.99 })),
  adamw_update: (random) =>
    shapes(random).map((shape) => ({
      inputs: [
        ...[normal(random, ...shape), normal(random, ...shape), positive(random, ...shape)],
        ...[filled(1e-2), filled(0.19), filled(0.02)],
      ],
      attributes: { epsilon: 1e-8, weight_decay: 0.1 },
    })),
  decayed_update: (random) =>
    shapes(random).map((shape) => ({
      inputs: [normal(random, ...shape), normal(random, ...shape), filled(1e-2)],
      attributes: { weight_decay: 0.1 },
    })),
};

function pair<A>(random: Random, shape: readonly number[], attributes: A) {
  return { inputs: [normal(random, ...shape), normal(random, ...shape)], attributes };
}

function int1(value: number): Operand {
  return { shape: [1], ids: Int32Array.of(value) };
}
