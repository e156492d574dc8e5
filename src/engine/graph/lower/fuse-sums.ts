import type { Node, NodeOf } from '../ir.ts';
import { Cluster } from './cluster.ts';
import { emitCluster } from './cluster-call.ts';
import type { Fusion } from './fusion.ts';

/**
 * A bias's gradient is the sum over the rows of dy, which the product that makes the weight's gradient
 * reads in any case: it comes with that product.
 */
export function fuseSums(fusion: Fusion, clusters: Map<number, Cluster>): void {
  for (const node of fusion.nodesOf('reduce_sum')) {
    if (!fusion.isFree(node.id)) continue;
    const found = productOver(fusion, node);
    if (found === null) continue;
    const position = Math.max(node.id, found.product.id);
    if (!fusion.mayBeAt([node.id, found.product.id], position)) continue;
    const cluster = new Cluster(fusion, position, found.product, emitCluster, {
      of: found.of,
      node: node.id,
    });
    clusters.set(cluster.group.index, cluster);
  }
}

function productOver(
  fusion: Fusion,
  node: NodeOf<'reduce_sum'>,
): { readonly product: NodeOf<'matmul'>; readonly of: 'a' | 'b' } | null {
  const summed = node.inputs[0] as number;
  const { shape } = fusion.draft.value(summed);
  const { axes } = node.attributes;
  const last = shape.length - 1;
  if (last < 1 || axes.length !== last || axes.includes(last)) return null;
  for (const reader of fusion.readers[fusion.base(summed)] ?? []) {
    const product = fusion.nodes[reader] as Node;
    if (product.op !== 'matmul' || product.shape.length !== 2 || !fusion.isFree(product.id)) continue;
    // A product of the sum itself comes after it.
    if (fusion.reads(product.id).includes(node.id)) continue;
    const [a, b] = product.inputs;
    const width = (id: number | undefined): number | undefined => fusion.nodes[id ?? -1]?.shape[1];
    const { transpose_a, transpose_b } = product.attributes;
    if (transpose_a && fusion.areSame(a, summed) && width(a) === shape[last]) return { product, of: 'a' };
    if (!transpose_b && fusion.areSame(b, summed) && width(b) === shape[last]) return { product, of: 'b' };
  }
  return null;
}
