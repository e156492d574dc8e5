import type { Node, OpName, Program } from './ir.ts';
import { definitionOf } from './ops/table.ts';

/** Floating-point operations of one run, a multiply-add counting as 2; of one op where `only` is given. */
export function countFlops(program: Program, only?: OpName): number {
  let total = 0;
  for (const node of program.nodes) {
    if (only !== undefined && node.op !== only) continue;
    const inputs = node.inputs.map((input) => program.nodes[input] as Node);
    total += definitionOf(node.op).flops(node as never, inputs);
  }
  return total;
}
