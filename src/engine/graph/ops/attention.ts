import type { Dim } from '../dim.ts';
import { fixed, sameValue } from '../dim.ts';
import type { Node, OpName } from '../ir.ts';
import type { OpFamily, ShapeChecks } from './definition.ts';
import { elements, expectInputs } from './definition.ts';
import { requireSameShape } from './elementwise.ts';

type Attention =
  | 'attention'
  | 'attention_lse'
  | 'attention_grad'
  | 'rotary_heads'
  | 'cache_append'
  | 'cached_attention';

interface Heads {
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
}

interface Packing extends Heads {
  readonly batch: number;
  readonly time: number;
  readonly rate: number;
}

/** A size that attributes say; what follows from a broken rule is not reported again. */
function said(value: number, assumed: boolean): Dim {
  return assumed ? { ...fixed(value), assumed } : fixed(value);
}

/** Checks qkv [batch * time, (heads + 2 key_heads) * head_size]; returns its rows. */
function packed(
  checks: ShapeChecks,
  op: OpName,
  qkv: Node,
  of: Heads,
  rows: number,
  target: readonly Dim[] | undefined,
): Dim {
  const [first, width] = qkv.dims;
  if (qkv.dims.length !== 2 || first === undefined || width === undefined) {
    return checks.malformed(`${op} takes packed projections [batch * time, features]`);
  }
  const assumed = target?.some((dim) => dim.assumed) ?? false;
  checks.equal(first, said(rows, assumed), 'attention has one row of projections for each token');
  const features = (of.heads + 2 * of.key_heads) * of.head_size;
  checks.equal(
    width,
    said(features, assumed),
    'the packed projections hold the queries of all heads, then the keys, then the values of all key heads',
  );
  return first;
}

function seeded(checks: ShapeChecks, op: OpName, inputs: readonly Node[], first: number, rate: number): void {
  expectInputs(checks, op, inputs, rate > 0 ? first + 1 : first);
  const seed = inputs[first];
  if (seed !== undefined && (seed.dtype !== 'i32' || seed.dims.length !== 0)) {
    checks.malformed(`${op} takes its seed as one whole number`);
  }
}

function wholeNumbers(checks: ShapeChecks, op: OpName, node: Node, what: string): Dim {
  const [dim] = node.dims;
  if (node.dtype !== 'i32' || node.dims.length !== 1 || dim === undefined) {
    return checks.malformed(`${op} takes ${what} as a vector of whole numbers`);
  }
  return dim;
}

/** Pairs of a query and a key that it sees. */
function visiblePairs({ batch, time, heads }: Packing): number {
  return (batch * heads * time * (time + 1)) / 2;
}

/** Scale, exponential, maximum, sum and division of a softmax, and the mask where there is one. */
function softmaxCost({ rate }: Packing): number {
  return rate > 0 ? 8 : 6;
}

function checkCache(checks: ShapeChecks, op: OpName, cache: Node, of: Heads, batch: Dim): Dim {
  const [sequences, keyHeads, capacity, size] = cache.dims;
  if (
    cache.dims.length !== 4 ||
    sequences === undefined ||
    keyHeads === undefined ||
    capacity === undefined
  ) {
    return checks.malformed(`${op} takes a cache [batch, key heads, capacity, head size]`);
  }
  checks.equal(sequences, batch, 'each sequence has its own rows in the cache');
  checks.equal(keyHeads, said(of.key_heads, keyHeads.assumed), 'the cache holds the keys of each key head');
  checks.equal(
    size as Dim,
    said(of.head_size, size?.assumed ?? false),
    'rows of the cache are as wide as a head',
  );
  return capacity;
}

export const attentionOps: OpFamily<Attention> = {
  attention: {
    infer: (checks, inputs, attributes, target) => {
      seeded(checks, 'attention', inputs, 1, attributes.rate);
      const { batch, time, heads, head_size } = attributes;
      const rows = packed(checks, 'attention', inputs[0] as Node, attributes, batch * time, target);
      return target ?? [rows, fixed(heads * head_size)];
    },
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy }) => {
      const [qkv, ...seed] = inputs as [Node, ...Node[]];
      const lse = graph.node('attention_lse', [qkv, ...seed], node.attributes);
      const grad = graph.node('attention_grad', [qkv, node as Node, lse, dy, ...seed], node.attributes);
      return [grad, ...seed.map(() => null)];
    },
    flops: ({ attributes }) =>
      visiblePairs(attributes) * (4 * attributes.head_size + softmaxCost(attributes)),
    inPlace: [],
  },
  attention_lse: {
    infer: (checks, inputs, attributes, target) => {
      seeded(checks, 'attention_lse', inputs, 1, attributes.rate);
      const { batch, time, heads } = attributes;
      const assumed = (inputs[0] as Node).dims.some((dim) => dim.assumed) ? inputs[0]?.dims : target;
      packed(checks, 'attention_lse', inputs[0] as Node, attributes, batch * time, assumed);
      return target ?? [fixed(batch), fixed(heads), fixed(time)];
    },
    dtype: 'f32',
    gradient: null,
    // Falls off while `attention` is computed: the products are counted there.
    flops: (node) => 2 * elements(node as Node),
    inPlace: [],
  },
  attention_grad: {
    infer: (checks, inputs, attributes) => {
      seeded(checks, 'attention_grad', inputs, 4, attributes.rate);
      const [qkv, out, lse, dout] = inputs as [Node, Node, Node, Node];
      const { batch, time, heads } = attributes;
      packed(checks, 'attention_grad', qkv, attributes, batch * time, qkv.dims);
      requireSameShape(checks, 'attention_grad', out.dims, dout.dims);
      if (!sameValue(elements(lse), batch * heads * time)) {
        checks.malformed('attention_grad takes the log-sum-exp of each query of each head');
      }
      return qkv.dims;
    },
    dtype: 'f32',
    gradient: null,
    // Five products: the scores again, dP, dV, dQ and dK; and the sums over out * dout.
    flops: ({ attributes }, inputs) =>
      visiblePairs(attributes) * (10 * attributes.head_size + softmaxCost(attributes)) +
      2 * elements(inputs[1] as Node),
    inPlace: [],
  },
  rotary_heads: {
    infer: (checks, inputs, { heads, head_size, time }) => {
      expectInputs(checks, 'rotary_heads', inputs, 2);
      const [qkv, positions] = inputs as [Node, Node];
      const [rows, width] = qkv.dims;
      if (qkv.dims.length !== 2 || rows === undefined || width === undefined) {
        return checks.malformed('rotary_heads takes packed projections [batch * time, features]');
      }
      const count = wholeNumbers(checks, 'rotary_heads', positions, 'positions');
      checks.equal(count, said(time, count.assumed), 'each row has one position');
      checks.atMost(fixed(heads * head_size), width, 'the heads that are rotated lie in the row');
      const times = Math.round(rows.value / count.value);
      if (!rows.assumed && !count.assumed && !sameValue(times * count.value, rows.value)) {
        checks.equal(rows, count, 'positions repeat for each sequence, so rows are a multiple of them');
      }
      return qkv.dims;
    },
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy }) => {
      const { attributes } = node;
      return [
        graph.node('rotary_heads', [dy, inputs[1] as Node], { ...attributes, inverse: !attributes.inverse }),
        null,
      ];
    },
    flops: ({ attributes, shape }) => 3 * (shape[0] ?? 0) * attributes.heads * attributes.head_size,
    inPlace: [0],
  },
  cache_append: {
    infer: (checks, inputs, attributes) => {
      expectInputs(checks, 'cache_append', inputs, 3);
      const [cache, qkv, position] = inputs as [Node, Node, Node];
      const batch = wholeNumbers(checks, 'cache_append', position, 'positions');
      const capacity = checkCache(checks, 'cache_append', cache, attributes, batch);
      packed(checks, 'cache_append', qkv, attributes, batch.value * attributes.time, cache.dims);
      checks.atMost(fixed(attributes.time), capacity, 'what is written at once fits the cache');
      return cache.dims;
    },
    dtype: 'f32',
    gradient: null,
    flops: () => 0,
    inPlace: [0],
  },
  cached_attention: {
    infer: (checks, inputs, attributes, target) => {
      expectInputs(checks, 'cached_attention', inputs, 4);
      const [qkv, keys, values, position] = inputs as [Node, Node, Node, Node];
      const batch = wholeNumbers(checks, 'cached_attention', position, 'positions');
      checkCache(checks, 'cached_attention', keys, attributes, batch);
      requireSameShape(checks, 'cached_attention', keys.dims, values.dims);
      const { time, heads, head_size } = attributes;
      const rows = packed(
        checks,
        'cached_attention',
        qkv,
        attributes,
        batch.value * time,
        target ?? keys.dims,
      );
      return target ?? [rows, fixed(heads * head_size)];
    },
    dtype: 'f32',
    gradient: null,
    // How far the cache is filled is known only when it runs: the most there can be.
    flops: ({ attributes: { heads, head_size }, shape }, inputs) =>
      (shape[0] ?? 0) * heads * ((inputs[1] as Node).shape[2] ?? 0) * (4 * head_size + 6),
    inPlace: [],
  },
};
