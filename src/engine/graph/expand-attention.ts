import { fixed } from './dim.ts';
import { affine, constant, matmul, mul, NONE, reduceSum, reshape, slice, transpose, unary } from './emit.ts';
import type { AttentionAttributes, Node } from './ir.ts';
import type { Graph } from './ops/definition.ts';

interface Packing {
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
}

export type Part = 'q' | 'k' | 'v';

/** Queries, keys or values out of packed rows: [batch, heads, time, head size]. */
export function unpack(g: Graph, of: Packing, qkv: Node, part: Part, batch: number, time: number): Node {
  const { heads, key_heads, head_size } = of;
  const count = part === 'q' ? heads : key_heads;
  const first = part === 'q' ? 0 : part === 'k' ? heads : heads + key_heads;
  const rows = slice(g, qkv, [0, first * head_size], [fixed(batch * time), fixed(count * head_size)]);
  const split = reshape(g, rows, [fixed(batch), fixed(time), fixed(count), fixed(head_size)]);
  return transpose(g, split, [0, 2, 1, 3]);
}

/** [batch, heads, time, head size] -> [batch * time, heads * head size] */
export function pack(g: Graph, x: Node): Node {
  const [batch = 0, heads = 0, time = 0, size = 0] = x.shape;
  return reshape(g, transpose(g, x, [0, 2, 1, 3]), [fixed(batch * time), fixed(heads * size)]);
}

/**
 * Query heads that share a key head are laid one below the other, so that no key or value is repeated:
 * [batch, heads, time, n] -> [batch, key heads, heads / key heads * time, n].
 */
export function grouped(g: Graph, x: Node, key_heads: number): Node {
  const [batch = 0, heads = 0, time = 0, n = 0] = x.shape;
  if (heads === key_heads) return x;
  return reshape(g, x, [fixed(batch), fixed(key_heads), fixed((heads / key_heads) * time), fixed(n)]);
}

/** Undoes `grouped`. */
export function ungrouped(g: Graph, x: Node, heads: number): Node {
  const [batch = 0, key_heads = 0, tall = 0, n = 0] = x.shape;
  if (heads === key_heads) return x;
  return reshape(g, x, [fixed(batch), fixed(heads), fixed((tall * key_heads) / heads), fixed(n)]);
}

interface Weights {
  readonly q: Node; // grouped
  readonly k: Node;
  readonly v: Node;
  /** Before the scale, [batch, heads, time, time]. */
  readonly scores: Node;
  readonly softmax: Node;
  /** Null without dropout. */
  readonly mask: Node | null;
}

function weightsOf(g: Graph, a: AttentionAttributes, qkv: Node, seed: Node | undefined): Weights {
  const { batch, time, key_heads, heads, scale, rate, stream } = a;
  const q = grouped(g, unpack(g, a, qkv, 'q', batch, time), key_heads);
  const k = unpack(g, a, qkv, 'k', batch, time);
  const v = unpack(g, a, qkv, 'v', batch, time);
  const scores = ungrouped(g, matmul(g, q, k, false, true), heads);
  const softmax = g.node('causal_softmax', [scores, constant(g, 0, [], 'i32')], { scale });
  const mask =
    seed === undefined || rate === 0 ? null : g.node('dropout_mask', [seed], { rate, stream }, softmax.dims);
  return { q, k, v, scores, softmax, mask };
}

export function expandAttention(g: Graph, a: AttentionAttributes, inputs: readonly Node[]): Node {
  const [qkv, seed] = inputs as [Node, Node | undefined];
  const { softmax, mask, v } = weightsOf(g, a, qkv, seed);
  const weights = mask === null ? softmax : mul(g, softmax, mask);
  return pack(g, ungrouped(g, matmul(g, grouped(g, weights, a.key_heads), v), a.heads));
}

/** log sum exp over j <= i, the maximum taken out. What is seen is where a causal softmax of zeros is not 0. */
export function expandAttentionLse(g: Graph, a: AttentionAttributes, inputs: readonly Node[]): Node {
  const { scores } = weightsOf(g, a, inputs[0] as Node, undefined);
  const zeros = constant(g, 0, scores.dims);
  const even = g.node('causal_softmax', [zeros, constant(g, 0, [], 'i32')], { scale: 1 });
  const visible = g.node('greater', [even, zeros], NONE);
  const least = constant(g, -3e38, scores.dims);
  const scaled = g.node('where', [visible, affine(g, scores, a.scale), least], NONE);
  const top = g.node('reduce_max', [scaled], { axes: [3], keep_dims: true });
  const weights = mul(g, unary(g, 'exp', g.node('sub', [scaled, top], NONE)), visible);
  const sum = g.node('add', [unary(g, 'log', reduceSum(g, weights, [3], true)), top], NONE);
  return reshape(g, sum, [fixed(a.batch), fixed(a.heads), fixed(a.time)]);
}

/** The chain rule through `expandAttention`, with the same nodes for what it repeats; out and lse are not needed. */
export function expandAttentionGrad(g: Graph, a: AttentionAttributes, inputs: readonly Node[]): Node {
  const [qkv, , , dout, seed] = inputs as [Node, Node, Node, Node, Node | undefined];
  const { batch, time, heads, key_heads, head_size, scale } = a;
  const { q, k, v, softmax, mask } = weightsOf(g, a, qkv, seed);
  const dy = grouped(
    g,
    transpose(g, reshape(g, dout, [fixed(batch), fixed(time), fixed(heads), fixed(head_size)]), [0, 2, 1, 3]),
    key_heads,
  );
  const weights = mask === null ? softmax : mul(g, softmax, mask);
  const dv = matmul(g, grouped(g, weights, key_heads), dy, true, false);
  const dweights = ungrouped(g, matmul(g, dy, v, false, true), heads);
  const dsoftmax = mask === null ? dweights : mul(g, dweights, mask);
  const dscores = grouped(g, g.node('softmax_grad', [softmax, dsoftmax], { scale }), key_heads);
  const dq = ungrouped(g, matmul(g, dscores, k), heads);
  const dk = matmul(g, dscores, q, true, false);
  return g.node('concat', [pack(g, dq), pack(g, dk), pack(g, dv)], { axis: 1 });
}
