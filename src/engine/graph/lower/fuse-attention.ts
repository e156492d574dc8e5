import type { AttentionAttributes, Node, NodeOf } from '../ir.ts';
import type { Fusion } from './fusion.ts';

/** Attention with what its gradient needs, and its gradient with what follows it. */
export function fuseAttention(fusion: Fusion): void {
  fuseLse(fusion);
  for (const node of fusion.nodesOf('rotary_heads')) fuseTurn(fusion, node);
}

/** The gradients of queries and keys that had been rotated are rotated back by who computes them. */
function fuseTurn(fusion: Fusion, node: NodeOf<'rotary_heads'>): void {
  const { draft, nodes } = fusion;
  const [x = -1, positions = -1] = node.inputs;
  const gradient = nodes[fusion.base(x)] as Node;
  if (!fusion.isFree(node.id) || gradient.op !== 'attention_grad' || !fusion.isFree(gradient.id)) return;
  if (!fusion.areSame(x, gradient.id) || fusion.onlyReader(gradient.id) !== node) return;
  const { heads, key_heads, head_size, time } = gradient.attributes;
  const { inverse, theta, ...turned } = node.attributes;
  if (!inverse || turned.heads !== heads + key_heads || turned.head_size !== head_size) return;
  // Pairs of a head are half of it apart, which has to be whole vectors.
  if (turned.time !== time || head_size % 8 !== 0) return;
  const members = [gradient.id, node.id];
  if (!fusion.mayBeAt(members, node.id)) return;
  fusion.group(node.id, members, () => {
    const { scope, flops } = draft.origin(gradient);
    const attributes = { ...gradient.attributes, turned: { theta } };
    draft.call('attention_grad', [...gradient.inputs, positions], [node.id], attributes, {
      scope,
      flops: flops + draft.origin(node).flops,
    });
  });
}

/** Attention and the log-sum-exp that its gradient needs: one pass computes both. */
function fuseLse(fusion: Fusion): void {
  const { draft, nodes } = fusion;
  for (const node of fusion.nodesOf('attention')) {
    const readers = fusion.readers[fusion.base(node.inputs[0] as number)] ?? [];
    const lse = readers
      .map((id) => nodes[id])
      .find(
        (other) =>
          other?.op === 'attention_lse' &&
          fusion.isFree(other.id) &&
          other.id > node.id &&
          other.inputs.every((input, i) => fusion.areSame(input, node.inputs[i])) &&
          sameAttributes(other.attributes, node.attributes),
      );
    if (lse === undefined) continue;
    fusion.group(node.id, [node.id, lse.id], () =>
      draft.call('attention', node.inputs, [node.id, lse.id], node.attributes, draft.origin(node)),
    );
  }
}

function sameAttributes(a: AttentionAttributes, b: AttentionAttributes): boolean {
  for (const key in a)
    if (a[key as keyof AttentionAttributes] !== b[key as keyof AttentionAttributes]) return false;
  return true;
}
