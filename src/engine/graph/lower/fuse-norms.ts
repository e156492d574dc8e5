import type { Node, NodeOf } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import type { Fusion } from './fusion.ts';
import { rowsOf } from './single.ts';

type GradX = NodeOf<'layer_norm_grad_x'> | NodeOf<'rms_norm_grad_x'>;

/**
 * The gradients of a norm by x, weight and bias read the same rows: one call makes them. A gradient that
 * comes past the norm, by the residual connection, is added in the same pass.
 */
export function fuseNorms(fusion: Fusion): void {
  for (const node of fusion.nodesOf('layer_norm_grad_x')) fuseNorm(fusion, node);
  for (const node of fusion.nodesOf('rms_norm_grad_x')) fuseNorm(fusion, node);
}

function fuseNorm(fusion: Fusion, node: GradX): void {
  const { draft } = fusion;
  const [x = -1, weight = -1, dy = -1] = node.inputs;
  const isLayer = node.op === 'layer_norm_grad_x';
  const width = node.shape[node.shape.length - 1];
  const beside = (fusion.readers[fusion.base(dy)] ?? [])
    .map((id) => fusion.nodes[id] as Node)
    // Seen in rows of another width, the same numbers have other sums.
    .filter((other) => fusion.isFree(other.id) && other.shape.length === 1 && other.shape[0] === width);
  const dweight = beside.find(
    (other) =>
      other.op === (isLayer ? 'layer_norm_grad_weight' : 'rms_norm_grad_weight') &&
      fusion.areSame(other.inputs[0], x) &&
      fusion.areSame(other.inputs[1], dy) &&
      (other.attributes as { readonly epsilon: number }).epsilon === node.attributes.epsilon,
  );
  const dbias = isLayer ? beside.find((other) => sumsRows(fusion, other, dy)) : undefined;
  const sum = residualSum(fusion, node);
  const gradients = [node.id, dweight?.id ?? -1, dbias?.id ?? -1].filter((id) => id >= 0);
  const attempts = sum === null ? [gradients] : [[...gradients, sum.node.id], gradients];
  const members = attempts.find((ids) => fusion.mayBeAt(ids, Math.max(...ids)));
  if (members === undefined) return;
  const residual = sum !== null && members.includes(sum.node.id) ? sum : null;
  const dx = residual?.node.id ?? node.id;
  const inputs = residual === null ? [x, weight, dy] : [x, weight, dy, residual.other];
  const outputs = [dx, dweight?.id ?? null, ...(isLayer ? [dbias?.id ?? null] : [])];
  const attributes = { ...rowsOf(node.shape), ...node.attributes, residual: residual !== null };
  fusion.group(Math.max(...members), members, () => {
    let flops = 0;
    for (const id of members) flops += draft.origin(fusion.nodes[id] as Node).flops;
    const kernel = isLayer ? 'layer_norm_grad' : 'rms_norm_grad';
    draft.call(kernel, inputs, outputs, attributes, { scope: node.scope, flops });
  });
}

/** Whether it adds up all rows of `dy`. */
function sumsRows(fusion: Fusion, node: Node, dy: number): node is NodeOf<'reduce_sum'> {
  if (node.op !== 'reduce_sum' || !fusion.areSame(node.inputs[0], dy)) return false;
  const { shape } = fusion.draft.value(node.inputs[0] as number);
  const width = shape[shape.length - 1];
  const { axes } = node.attributes;
  return axes.length === shape.length - 1 && !axes.includes(shape.length - 1) && sizeOf(node.shape) === width;
}

/** dx + another gradient of the same size, where nobody needs dx by itself. */
function residualSum(
  fusion: Fusion,
  node: GradX,
): { readonly node: NodeOf<'add'>; readonly other: number } | null {
  const reader = fusion.onlyReader(node.id);
  if (reader?.op !== 'add' || !fusion.isFree(reader.id)) return null;
  const operands = fusion.operands[reader.id] ?? [];
  const others = operands.filter(
    (operand) => operand.from !== 'value' || fusion.base(operand.id) !== node.id,
  );
  const [other] = others;
  if (others.length !== 1 || other?.from !== 'value') return null;
  return fusion.draft.value(other.id).size === sizeOf(node.shape) ? { node: reader, other: other.id } : null;
}
