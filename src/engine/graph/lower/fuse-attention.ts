import type { AttentionAttributes } from '../ir.ts';
import type { Fusion } from './fusion.ts';

/** Attention and the log-sum-exp that its gradient needs: one pass computes both. */
export function fuseAttention(fusion: Fusion): void {
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
