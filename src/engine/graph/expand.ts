import { GraphBuilder } from './builder.ts';
import { expandAttention, expandAttentionGrad, expandAttentionLse } from './expand-attention.ts';
import { expandCacheAppend, expandCachedAttention } from './expand-cache.ts';
import { expandRotaryHeads } from './expand-rotary.ts';
import type { Node, Program } from './ir.ts';

/** The ops that stand for others. */
export type CompoundOp =
  | 'attention'
  | 'attention_lse'
  | 'attention_grad'
  | 'rotary_heads'
  | 'cache_append'
  | 'cached_attention';

/**
 * The same program in basic ops: what attention, rotary_heads and the cache's ops mean, for devices that
 * have no kernels of their own for them. After `simplify` the backward pass shares the forward's softmax.
 * `after` and `sample_token` stay as they are.
 */
export function expand(program: Program): Program {
  const g = new GraphBuilder();
  const made = new Array<Node>(program.nodes.length);
  for (const node of program.nodes) {
    g.scope = node.scope;
    g.kind = program.kinds[node.id] ?? 'activations';
    const inputs = node.inputs.map((id) => made[id] as Node);
    const result = expandNode(g, node, inputs);
    g.mark(result, g.kind);
    made[node.id] = result;
  }
  const rename = (ids: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, (made[id] as Node).id]));
  return {
    name: program.name,
    nodes: g.nodes,
    kinds: g.kinds,
    inputs: rename(program.inputs),
    state: rename(program.state),
    updates: rename(program.updates),
    outputs: rename(program.outputs),
    dtype: program.dtype,
  };
}

function expandNode(g: GraphBuilder, node: Node, inputs: readonly Node[]): Node {
  switch (node.op) {
    case 'attention':
      return expandAttention(g, node.attributes, inputs);
    case 'attention_lse':
      return expandAttentionLse(g, node.attributes, inputs);
    case 'attention_grad':
      return expandAttentionGrad(g, node.attributes, inputs);
    case 'rotary_heads':
      return expandRotaryHeads(g, node.attributes, inputs);
    case 'cache_append':
      return expandCacheAppend(g, node.attributes, inputs);
    case 'cached_attention':
      return expandCachedAttention(g, node.attributes, inputs);
    default:
      return g.node(node.op, inputs, node.attributes, node.dims, node.dtype);
  }
}
