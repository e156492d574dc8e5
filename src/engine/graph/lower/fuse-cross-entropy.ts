import type { NodeOf } from '../ir.ts';
import type { Fusion } from './fusion.ts';
import { tableOf } from './single.ts';

/**
 * The loss and the gradient of its logits in one call, which reads the logits once and may write the
 * gradient over them. It runs where the loss is computed, so the gradient of the losses has to be known
 * by then: in training it is one number that is fed.
 */
export function fuseCrossEntropy(fusion: Fusion): void {
  const { draft } = fusion;
  for (const node of fusion.nodesOf('cross_entropy_grad')) {
    if (!fusion.isFree(node.id)) continue;
    const operand = fusion.operands[node.id]?.[2];
    if (operand?.from !== 'value') continue;
    const rows = node.shape[0] ?? 1;
    const { size } = draft.value(operand.id);
    if (size !== 1 && size !== rows) continue;
    const dloss = draft.view(operand.id, size === 1 ? [] : [rows]);
    const [logits = -1, labels = -1] = node.inputs;
    const attributes = { ...tableOf(draft, logits), ...node.attributes };
    const loss = lossOf(fusion, node);
    if (loss === null || !fusion.isThereAt(dloss, loss.id)) {
      fusion.group(node.id, [node.id], () =>
        draft.call('cross_entropy', [logits, labels, dloss], [null, node.id], attributes, draft.origin(node)),
      );
      continue;
    }
    const origin = draft.origin(loss);
    fusion.group(loss.id, [loss.id, node.id], () =>
      draft.call('cross_entropy', [logits, labels, dloss], [loss.id, node.id], attributes, {
        scope: origin.scope,
        flops: origin.flops + draft.origin(node).flops,
      }),
    );
  }
}

/** The loss over the same logits and labels. */
export function lossOf(
  fusion: Fusion,
  gradient: NodeOf<'cross_entropy_grad'>,
): NodeOf<'cross_entropy'> | null {
  const { inputs, attributes } = gradient;
  for (const reader of fusion.readers[fusion.base(inputs[0] as number)] ?? []) {
    const node = fusion.nodes[reader];
    if (node?.op !== 'cross_entropy' || !fusion.isFree(reader)) continue;
    if (!fusion.areSame(node.inputs[0], inputs[0]) || !fusion.areSame(node.inputs[1], inputs[1])) continue;
    if (node.attributes.ignore_index === attributes.ignore_index) return node;
  }
  return null;
}
