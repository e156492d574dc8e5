import type { GraphBuilder } from '../graph/builder.ts';
import { affine, constant, div, mul, NONE, sum, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';

/** The 2-norm over all elements of all tensors, []. */
export function globalNorm(g: GraphBuilder, tensors: readonly Node[]): Node {
  return unary(
    g,
    'sqrt',
    sum(
      g,
      tensors.map((tensor) => unary(g, 'sum_squares', tensor)),
    ),
  );
}

/** torch.nn.utils.clip_grad_norm_: times min(1, max_norm / (norm + 1e-6)). `max_norm` 0 leaves them alone. */
export function clipped(
  g: GraphBuilder,
  tensors: readonly Node[],
  norm: Node,
  max_norm: number,
): readonly Node[] {
  if (max_norm === 0) return tensors;
  const ratio = div(g, constant(g, max_norm), affine(g, norm, 1, 1e-6));
  const factor = g.node('minimum', [ratio, constant(g, 1)], NONE);
  return tensors.map((tensor) => mul(g, tensor, factor));
}
