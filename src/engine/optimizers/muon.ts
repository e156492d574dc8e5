import type { GraphBuilder } from '../graph/builder.ts';
import { add, affine, div, matmul, swapLast, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';
import { adamw } from './adamw.ts';
import type { UpdateRule } from './rule.ts';
import { learningRate } from './rule.ts';

const MOMENTUM = 0.95;
const STEPS = 5;

/**
 * Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon): Nesterov momentum, made orthogonal by
 * Newton-Schulz, for the matrices between hidden features; AdamW for embeddings, head and vectors, as
 * its author says. There is one learning rate for both, so the update is scaled to the root mean square
 * of AdamW's, 0.2 sqrt(max(rows, columns)) (Liu et al., 2025, "Muon is scalable for LLM training", eq. 4),
 * instead of sqrt(max(1, rows / columns)) with a rate of its own.
 */
export const muon: UpdateRule = (site) => {
  if (site.role !== 'matrix') return adamw(site);
  const { g, gradient } = site;
  const momentum = g.node('ema', [site.moment('muon.m'), gradient], { beta: MOMENTUM });
  site.keep('muon.m', momentum);
  const nesterov = g.node('ema', [momentum, gradient], { beta: MOMENTUM });
  const [rows = 1, columns = 1] = site.parameter.shape;
  const direction = affine(g, orthogonalised(g, nesterov), 0.2 * Math.sqrt(Math.max(rows, columns)));
  return g.node('decayed_update', [site.parameter, direction, learningRate(g)], {
    weight_decay: site.weight_decay,
  });
};

/**
 * Nearly U V^T of a matrix U S V^T: five steps of X <- a X + (b A + c A A) X with A = X X^T, whose
 * coefficients the author chose to bring singular values near 1 fast rather than exactly.
 */
function orthogonalised(g: GraphBuilder, matrix: Node): Node {
  const [a, b, c] = [3.4445, -4.775, 2.0315];
  const [rows = 1, columns = 1] = matrix.shape;
  const tall = rows > columns;
  const norm = affine(g, unary(g, 'sqrt', unary(g, 'sum_squares', matrix)), 1, 1e-7);
  let x = div(g, tall ? swapLast(g, matrix) : matrix, norm);
  for (let step = 0; step < STEPS; step++) {
    const gram = matmul(g, x, x, false, true);
    const polynomial = add(g, affine(g, gram, b), affine(g, matmul(g, gram, gram), c));
    x = add(g, affine(g, x, a), matmul(g, polynomial, x));
  }
  return tall ? swapLast(g, x) : x;
}
