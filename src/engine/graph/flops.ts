import type { Node, OpName, Program } from './ir.ts';
import { definitionOf } from './ops/table.ts';

/**
 * Floating-point operations of one run, a multiply-add counting as 2; of one op where `only` is given.
 * Attention counts as papers count it (PaLM, appendix B): over all pairs of positions, and its gradient as
 * the products that the chain rule has, which is what the basic ops of `expand` compute. A fused kernel
 * skips the pairs that are masked and repeats the scores: an op's own `flops` say what that takes.
 */
export function countFlops(program: Program, only?: OpName): number {
  let total = 0;
  for (const node of program.nodes) {
    if (only !== undefined && node.op !== only) continue;
    total += attentionFlops(node) ?? ownFlops(program, node);
  }
  return total;
}

function ownFlops(program: Program, node: Node): number {
  const inputs = node.inputs.map((input) => program.nodes[input] as Node);
  return definitionOf(node.op).flops(node as never, inputs);
}

function attentionFlops(node: Node): number | null {
  if (node.op === 'attention_lse') return 0;
  if (node.op !== 'attention' && node.op !== 'attention_grad') return null;
  const { batch, heads, time, head_size, rate } = node.attributes;
  const pairs = batch * heads * time * time;
  const dropped = rate > 0 ? 1 : 0;
  // Scores and mixture, softmax, mask and its product; dP, dV, dQ and dK, the softmax's gradient, the mask's.
  return node.op === 'attention'
    ? pairs * (4 * head_size + 6 + 2 * dropped)
    : pairs * (8 * head_size + 5 + dropped);
}
