import { fixed } from './dim.ts';
import { matmul, reshape, slice } from './emit.ts';
import { grouped, pack, ungrouped, unpack } from './expand-attention.ts';
import type { Node, OpAttributes } from './ir.ts';
import type { Graph } from './ops/definition.ts';

/** What the basic ops do with one position is done for each sequence, and joined. */
function perSequence(g: Graph, batch: number, one: (sequence: number) => Node): Node {
  if (batch === 1) return one(0);
  return g.node(
    'concat',
    Array.from({ length: batch }, (_, b) => one(b)),
    { axis: 0 },
  );
}

function sequence(g: Graph, x: Node, b: number): Node {
  const begin = x.shape.map((_, axis) => (axis === 0 ? b : 0));
  return slice(g, x, begin, [fixed(1), ...x.dims.slice(1)]);
}

function positionOf(g: Graph, position: Node, b: number): Node {
  return reshape(g, slice(g, position, [b], [fixed(1)]), []);
}

export function expandCacheAppend(g: Graph, a: OpAttributes['cache_append'], inputs: readonly Node[]): Node {
  const [cache, qkv, position] = inputs as [Node, Node, Node];
  const batch = position.shape[0] ?? 0;
  const rows = unpack(g, a, qkv, a.part, batch, a.time);
  return perSequence(g, batch, (b) =>
    g.node('cache_write', [sequence(g, cache, b), sequence(g, rows, b), positionOf(g, position, b)], {}),
  );
}

export function expandCachedAttention(
  g: Graph,
  a: OpAttributes['cached_attention'],
  inputs: readonly Node[],
): Node {
  const [qkv, keys, values, position] = inputs as [Node, Node, Node, Node];
  const { heads, key_heads, time, scale } = a;
  const batch = position.shape[0] ?? 0;
  const q = grouped(g, unpack(g, a, qkv, 'q', batch, time), key_heads);
  const scores = ungrouped(g, matmul(g, q, keys, false, true), heads);
  const weights = perSequence(g, batch, (b) =>
    g.node('causal_softmax', [sequence(g, scores, b), positionOf(g, position, b)], { scale }),
  );
  return pack(g, ungrouped(g, matmul(g, grouped(g, weights, key_heads), values), heads));
}
