import type { GraphBuilder } from '../graph/builder.ts';
import { affine, constant, div, mul, NONE, sum, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';

/** The sum of the squares of all elements of all tensors, []; its root is their 2-norm. */
export function sumOfSquares(g: GraphBuilder, tensors: readonly Node[]): Node {
  return sum(
    g,
    tensors.map((tensor) => unary(g, 'sum_squares', tensor)),
  );
}

/**
 * torch.nn.utils.clip_grad_norm_: times min(1, max_norm / (norm + 1e-6)). `max_norm` 0 leaves them alone.
 * Tensors that are multiplied by `scale` are divided by it, too; `norm` is without it.
 */
export function clipped(
  g: GraphBuilder,
  tensors: readonly Node[],
  norm: Node,
  max_norm: number,
  scale: Node | null = null,
): readonly Node[] {
  if (max_norm === 0 && scale === null) return tensors;
  const one = constant(g, 1);
  const ratio = (): Node => div(g, constant(g, max_norm), affine(g, norm, 1, 1e-6));
  const shrink = max_norm === 0 ? one : g.node('minimum', [ratio(), one], NONE);
  const factor = scale === null ? shrink : div(g, shrink, scale);
  return tensors.map((tensor) => mul(g, tensor, factor));
}
