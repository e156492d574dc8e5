import type { Node, NodeOf } from '../ir.ts';
import { sameShape, sizeOf } from '../sizes.ts';
import type { Draft } from './draft.ts';

/** What a step of an expression reads: a tensor, or something that the expression makes itself. */
export type Operand =
  /** A value that NumPy would broadcast to the shape of the step. */
  | { readonly from: 'value'; readonly id: number }
  | { readonly from: 'constant'; readonly value: number }
  /** A mask with as many elements as the step's result. */
  | { readonly from: 'mask'; readonly node: NodeOf<'dropout_mask'> };

/** Ops whose result need not be in memory where a step reads it. */
export function isInlined(op: Node['op']): boolean {
  return op === 'constant' || op === 'dropout_mask' || op === 'broadcast_to';
}

/** What a step node reads as the operand `id`, views and repetition seen through. */
export function resolveOperand(draft: Draft, id: number, shape: readonly number[]): Operand {
  const { nodes, seen } = draft;
  if ((seen[id] as number) < 0 && !isInlined((nodes[id] as Node).op)) return { from: 'value', id };
  let at = id;
  let isWhole = true; // the numbers are those of `id`, each once, in order
  for (;;) {
    const node = nodes[at] as Node;
    if (node.op === 'constant' && node.dtype === 'f32')
      return { from: 'constant', value: node.attributes.value };
    if (node.op === 'dropout_mask' && isWhole && sizeOfNode(draft, at) === sizeOf(shape))
      return { from: 'mask', node };
    const next = node.op === 'broadcast_to' ? (node.inputs[0] as number) : (seen[at] as number);
    if (next < 0) break;
    if (node.op === 'broadcast_to') isWhole = false;
    at = next;
  }
  // Not all of the way: only as far as the shape still says how elements are repeated.
  let last = id;
  for (;;) {
    const node = nodes[last] as Node;
    const next = node.op === 'broadcast_to' ? (node.inputs[0] as number) : (seen[last] as number);
    if (next < 0) return { from: 'value', id: last };
    const keepsMeaning =
      node.op === 'broadcast_to' ||
      sizeOfNode(draft, next) === 1 ||
      sameShape((nodes[next] as Node).shape, node.shape);
    if (!keepsMeaning) return { from: 'value', id: last };
    last = next;
  }
}

function sizeOfNode(draft: Draft, id: number): number {
  return draft.value(id).size;
}
