import { expand } from './expand.ts';
import type { Program } from './ir.ts';
import { simplify } from './simplify.ts';

/** What a device runs that has no kernels for compound ops; pre-flight plans its memory for the same. */
export function inBasicOps(program: Program): Program {
  const expanded = expand(program);
  return expanded.nodes.length === program.nodes.length ? program : simplify(expanded);
}
