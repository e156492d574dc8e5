import type { NodeOf } from '../ir.ts';
import type { Cluster } from './cluster.ts';
import type { Fusion } from './fusion.ts';

/**
 * Activations whose derivative costs little more once they are computed themselves. Where what goes into one
 * of them is kept only for its gradient, its slope is kept instead, in the same place: the gradient is then a
 * product.
 */
const ACTIVATIONS = ['gelu', 'gelu_new', 'silu'] as const;

/** Notes in `fusion.slopes` what is stored as slopes. To be called when all that is fused has been. */
export function keepSlopes(fusion: Fusion, clusters: ReadonlyMap<number, Cluster>): void {
  for (const op of ACTIVATIONS) {
    for (const node of fusion.nodesOf(op)) {
      const x = fusion.base(node.inputs[0] as number);
      if (isForGradientOnly(fusion, clusters, node, x)) fusion.slopes.set(x, `${op}_slope`);
    }
  }
}

/** Whether `x` is made where the activation is, and else read as the first operand of the gradient alone. */
function isForGradientOnly(
  fusion: Fusion,
  clusters: ReadonlyMap<number, Cluster>,
  node: NodeOf<(typeof ACTIVATIONS)[number]>,
  x: number,
): boolean {
  const group = fusion.groupOf[node.id] as number;
  const cluster = clusters.get(group);
  if (cluster === undefined || !cluster.values.includes(x) || !cluster.makes(node.inputs[0] as number))
    return false;
  if (fusion.kept[x] === 1) return false;
  return (fusion.readers[x] as readonly number[]).every((reader) => {
    if (fusion.groupOf[reader] === group) return true;
    const [, dy] = fusion.operands[reader] ?? [];
    const readsAlso = dy?.from === 'value' && fusion.base(dy.id) === x;
    return (
      fusion.nodes[reader]?.op === `${node.op}_grad` &&
      clusters.has(fusion.groupOf[reader] as number) &&
      !readsAlso
    );
  });
}
