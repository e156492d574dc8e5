import type { NodeOf } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import type { Draft } from './draft.ts';
import type { KernelAttributes } from './kernel-plan.ts';

/** The sizes of a product; a batch over one matrix b becomes more rows where a's rows lie in order. */
export function matmulSizes(
  draft: Draft,
  node: NodeOf<'matmul'>,
): Omit<KernelAttributes['matmul'], 'epilogue' | 'sums'> {
  const { transpose_a, transpose_b } = node.attributes;
  const a = draft.value(node.inputs[0] as number).shape;
  const b = draft.value(node.inputs[1] as number).shape;
  const [m = 1, n = 1] = node.shape.slice(-2);
  const k = a[a.length - (transpose_a ? 2 : 1)] ?? 1;
  const batch = sizeOf(node.shape.slice(0, -2));
  const shared_b = b.length === 2 && a.length > 2;
  const sizes = { n, k, transpose_a, transpose_b, shared_b };
  return shared_b && !transpose_a ? { ...sizes, batch: 1, m: m * batch } : { ...sizes, batch, m };
}

/** [batch, M, N], or [M, N] where there is one batch: what an epilogue's operands are broadcast to. */
export function productShape(draft: Draft, node: NodeOf<'matmul'>): readonly number[] {
  const { batch, m, n } = matmulSizes(draft, node);
  return batch === 1 ? [m, n] : [batch, m, n];
}

export function emitMatmul(draft: Draft, node: NodeOf<'matmul'>): void {
  const attributes = { ...matmulSizes(draft, node), epilogue: null, sums: null };
  draft.call('matmul', node.inputs, [node.id], attributes, draft.origin(node));
}
