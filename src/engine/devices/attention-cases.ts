import type { Random } from '../../base/random.ts';
import type { AttentionAttributes, NodeOf, OpName } from '../graph/ir.ts';
import { sizeOf } from '../graph/sizes.ts';
import { pickToken } from '../inference/pick.ts';
import type { Cases, OpCase, Operand } from './acceptance-operands.ts';
import { filled, int, normal, size } from './acceptance-operands.ts';
import { attentionKernels } from './reference/kernels/attention.ts';

/** Conformance cases of attention over packed projections, of decoding with a cache and of drawing a token. */

type AttentionOp =
  | 'attention'
  | 'attention_lse'
  | 'attention_grad'
  | 'rotary_heads'
  | 'cache_append'
  | 'cached_attention'
  | 'sample_token';

/** [batch, time, heads, key heads, head size, dropout rate] */
type Sizes = readonly [number, number, number, number, number, number];

function sizesOf(random: Random): readonly Sizes[] {
  const key_heads = size(random, 3);
  return [
    [1, 1, 1, 1, 1, 0],
    [2, 5, 2, 2, 4, 0],
    [1, 33, 1, 1, 32, 0],
    [2, 70, 3, 3, 24, 0], // no multiple of a tile, more than one tile
    [1, 17, 6, 2, 7, 0], // grouped, an odd head size
    [2, 9, 5, 1, 16, 0.2], // one key head for all
    [1, 130, 2, 2, 64, 0.1],
    [3, 1, 4, 4, 8, 0.5],
    [1, 40, 2, 1, 80, 0],
    [size(random, 3), size(random, 80), key_heads * size(random, 3), key_heads, 2 * size(random, 40), 0],
  ];
}

function attributesOf([batch, time, heads, key_heads, head_size, rate]: Sizes): AttentionAttributes {
  const scale = 1 / Math.sqrt(head_size);
  return { batch, time, heads, key_heads, head_size, scale, rate, stream: 5 };
}

function forward(random: Random): readonly OpCase<'attention'>[] {
  return sizesOf(random).map((sizes) => {
    const attributes = attributesOf(sizes);
    const { batch, time, heads, key_heads, head_size, rate } = attributes;
    const qkv = normal(random, batch * time, (heads + 2 * key_heads) * head_size);
    return { inputs: rate > 0 ? [qkv, int(random.below(2 ** 31))] : [qkv], attributes };
  });
}

/** What the forward pass gives, for the backward pass to take: the two belong together. */
function computed(
  op: 'attention' | 'attention_lse',
  { inputs, attributes }: OpCase<'attention'>,
  shape: readonly number[],
): Operand {
  const values = new Float32Array(sizeOf(shape));
  const node = { op, attributes, shape } as unknown as NodeOf<'attention'> & NodeOf<'attention_lse'>;
  attentionKernels[op]({
    node,
    inputs: inputs.map((operand) => ('ids' in operand ? operand.ids : operand.values)),
    shapes: inputs.map((operand) => operand.shape),
    out: values,
  });
  return { shape, values };
}

function backward(random: Random): readonly OpCase<'attention_grad'>[] {
  return forward(random).map((example) => {
    const { attributes, inputs } = example;
    const { batch, time, heads, head_size } = attributes;
    const [qkv, ...seed] = inputs as [Operand, ...Operand[]];
    const out = computed('attention', example, [batch * time, heads * head_size]);
    const lse = computed('attention_lse', example, [batch, heads, time]);
    return { inputs: [qkv, out, lse, normal(random, ...out.shape), ...seed], attributes };
  });
}

interface CacheSizes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
  readonly capacity: number;
  readonly positions: readonly number[];
}

const CACHES: readonly CacheSizes[] = [
  { batch: 1, time: 1, heads: 1, key_heads: 1, head_size: 1, capacity: 1, positions: [0] },
  { batch: 1, time: 1, heads: 12, key_heads: 12, head_size: 64, capacity: 300, positions: [277] },
  { batch: 1, time: 32, heads: 3, key_heads: 3, head_size: 20, capacity: 100, positions: [68] },
  { batch: 3, time: 1, heads: 4, key_heads: 2, head_size: 10, capacity: 37, positions: [0, 36, 11] },
  { batch: 2, time: 7, heads: 6, key_heads: 1, head_size: 33, capacity: 19, positions: [12, 3] },
];

function cacheOperands(random: Random, c: CacheSizes) {
  const { heads, key_heads, head_size, time, batch, capacity, positions } = c;
  const cache = () => normal(random, batch, key_heads, capacity, head_size);
  return {
    attributes: { heads, key_heads, head_size, time },
    qkv: normal(random, batch * time, (heads + 2 * key_heads) * head_size),
    k: cache(),
    v: cache(),
    position: { shape: [batch], ids: Int32Array.from(positions) },
  };
}

/** A draw that stays the same when the settings are off by what float32 sums are. */
function clearDraw(random: Random, row: Float32Array, t: number, k: number, p: number): number {
  for (;;) {
    const uniform = random.below(2 ** 24) / 2 ** 24;
    const wanted = pickToken(row, { temperature: t, top_k: k, top_p: p }, uniform);
    const same = [-1e-4, 1e-4].every((shift) =>
      [0, shift].every((other) => {
        const top_p = p < 1 ? p + other : 1;
        const at = Math.min(1 - 1e-6, Math.max(0, uniform + shift));
        return pickToken(row, { temperature: t, top_k: k, top_p }, at) === wanted;
      }),
    );
    if (same) return uniform;
  }
}

function draws(random: Random): readonly OpCase<'sample_token'>[] {
  // [rows, vocabulary, temperature, top_k, top_p]
  const settings = [
    [1, 1, 1, 0, 1],
    [3, 65, 0, 0, 1],
    [4, 65, 1, 0, 1],
    [3, 65, 0.7, 10, 1],
    [5, 130, 1.3, 0, 0.8],
    [2, 33, 0.9, 7, 0.6],
    [1, 5000, 1, 50, 0.95],
    [2, 65, 1, 1, 0.01],
  ] as const;
  const cases = settings.map(([rows, vocab, temperature, top_k, top_p]) => {
    const logits = new Float32Array(rows * vocab).map(() => 3 * random.normal());
    const uniform = Float32Array.from({ length: rows }, (_, row) =>
      clearDraw(random, logits.subarray(row * vocab, (row + 1) * vocab), temperature, top_k, top_p),
    );
    return sampleCase(logits, uniform, temperature, top_k, top_p);
  });
  // Equals: greedy takes the first; the last that top_k keeps brings its equals; of equals top_p drops the later.
  const equals = Float32Array.of(1, 3, 3, 0, 3, 1);
  cases.push(sampleCase(equals, Float32Array.of(0.5), 0, 0, 1));
  for (const at of [0.2, 0.5, 0.9]) cases.push(sampleCase(equals, Float32Array.of(at), 1, 2, 1));
  for (const at of [0.2, 0.8]) cases.push(sampleCase(equals, Float32Array.of(at), 1, 0, 0.5));
  return cases;
}

function sampleCase(
  logits: Float32Array,
  uniform: Float32Array,
  temperature: number,
  top_k: number,
  top_p: number,
): OpCase<'sample_token'> {
  const rows = uniform.length;
  return {
    inputs: [
      { shape: [rows, logits.length / rows], values: logits },
      { shape: [rows], values: uniform },
      filled(temperature),
      int(top_k),
      filled(top_p),
    ],
    attributes: {},
  };
}

export const attentionCases: { readonly [K in AttentionOp & OpName]: Cases<K> } = {
  attention: forward,
  attention_lse: (random) => forward(random).map(({ inputs, attributes }) => ({ inputs, attributes })),
  attention_grad: backward,
  rotary_heads: (random) =>
    (
      [
        [1, 1, 1, 2, 0],
        [2, 5, 3, 8, 24],
        [1, 7, 4, 6, 1],
        [3, 33, 5, 32, 0],
      ] as const
    ).map(([repeats, time, heads, head_size, rest], i) => ({
      inputs: [
        normal(random, repeats * time, heads * head_size + rest),
        { shape: [time], ids: Int32Array.from({ length: time }, () => random.below(2048)) },
      ],
      attributes: { heads, head_size, time, theta: i % 2 === 0 ? 10_000 : 500_000, inverse: i > 1 },
    })),
  cache_append: (random) =>
    CACHES.flatMap((sizes) => {
      const { attributes, qkv, k, v, position } = cacheOperands(random, sizes);
      return [
        { inputs: [k, qkv, position], attributes: { ...attributes, part: 'k' as const } },
        { inputs: [v, qkv, position], attributes: { ...attributes, part: 'v' as const } },
      ];
    }),
  cached_attention: (random) =>
    CACHES.map((sizes) => {
      const { attributes, qkv, k, v, position } = cacheOperands(random, sizes);
      const scale = 1 / Math.sqrt(attributes.head_size);
      return { inputs: [qkv, k, v, position], attributes: { ...attributes, scale } };
    }),
  sample_token: draws,
};
