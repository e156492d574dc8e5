import type { Node, NodeOf } from '../ir.ts';
import { lossOf } from './fuse-cross-entropy.ts';
import type { Fusion } from './fusion.ts';
import { matmulSizes } from './matmul.ts';

/** Logits and their gradient that are in memory at once, where there are more of them. */
export const LOGITS_CHUNK_BYTES = 64 * 2 ** 20;

/** The head of a model with its loss: logits that only the loss and its gradient read, gradient that only products read. */
interface Head {
  /** h [rows, width] times the head's weights [vocab, width] or [width, vocab]. */
  readonly product: NodeOf<'matmul'>;
  readonly loss: NodeOf<'cross_entropy'>;
  readonly gradient: {
    readonly node: NodeOf<'cross_entropy_grad'>;
    /** One number. */
    readonly dloss: number;
    readonly dh: NodeOf<'matmul'>;
    readonly dweight: NodeOf<'matmul'>;
  } | null;
}

/**
 * With a large vocabulary logits outgrow all else. They are made some rows at a time, and with each
 * chunk everything that needs it: losses, the gradient by h and the share in the gradient by the weights,
 * which is added up in the order of the rows. So no whole tensor of logits ever exists.
 */
export function chunkCrossEntropy(fusion: Fusion, chunk_bytes: number): void {
  for (const loss of fusion.nodesOf('cross_entropy')) {
    const head = headOf(fusion, loss);
    if (head === null) continue;
    const [rows = 0, vocab = 0] = head.product.shape;
    const count = Math.ceil((4 * rows * vocab) / chunk_bytes);
    if (count < 2) continue;
    const size = Math.ceil(rows / count / 8) * 8;
    if (size >= rows) continue;
    const { gradient } = head;
    const members = [head.product.id, loss.id];
    if (gradient !== null) members.push(gradient.node.id, gradient.dh.id, gradient.dweight.id);
    const position = head.product.id;
    if (!fusion.mayBeAt(members, position)) continue;
    if (gradient !== null && !fusion.isThereAt(gradient.dloss, position)) continue;
    if (!fusion.isThereAt(loss.inputs[1] as number, position)) continue;
    fusion.group(position, members, () => {
      for (let at = 0; at < rows; at += size) emitChunk(fusion, head, at, Math.min(size, rows - at));
    });
  }
}

function headOf(fusion: Fusion, loss: NodeOf<'cross_entropy'>): Head | null {
  const { nodes, draft } = fusion;
  const logits = loss.inputs[0] as number;
  const product = nodes[fusion.base(logits)] as Node;
  if (product.op !== 'matmul' || !fusion.isFree(product.id) || !fusion.isFree(loss.id)) return null;
  if (product.attributes.transpose_a || product.shape.length !== 2 || fusion.kept[product.id] === 1)
    return null;
  if (!fusion.areSame(logits, product.id)) return null;
  const [h = -1, weight = -1] = product.inputs;
  if (draft.value(h).row_stride !== null || draft.value(weight).row_stride !== null) return null;
  const readers = fusion.readers[product.id] as readonly number[];
  if (readers.length === 1) return { product, loss, gradient: null };
  const node = nodes[readers.find((id) => id !== loss.id) ?? -1];
  if (readers.length !== 2 || node?.op !== 'cross_entropy_grad' || lossOf(fusion, node) !== loss) return null;
  const dloss = fusion.operands[node.id]?.[2];
  if (dloss?.from !== 'value' || draft.value(dloss.id).size !== 1 || fusion.kept[node.id] === 1) return null;
  const products = (fusion.readers[node.id] as readonly number[]).map((id) => nodes[id] as Node);
  const dh = products.find((one) => isProductOf(fusion, one, node.id, weight, product));
  const dweight = products.find((one) => one !== dh && isWeightGradient(fusion, one, node.id, h));
  if (products.length !== 2 || dh === undefined || dweight === undefined) return null;
  return {
    product,
    loss,
    gradient: { node, dloss: dloss.id, dh: dh as NodeOf<'matmul'>, dweight: dweight as NodeOf<'matmul'> },
  };
}

/** dlogits times the weights the other way round. */
function isProductOf(
  fusion: Fusion,
  node: Node,
  dlogits: number,
  weight: number,
  product: NodeOf<'matmul'>,
): boolean {
  if (node.op !== 'matmul' || !fusion.isFree(node.id) || node.shape.length !== 2) return false;
  const { transpose_a, transpose_b } = node.attributes;
  return (
    !transpose_a &&
    transpose_b !== product.attributes.transpose_b &&
    fusion.areSame(node.inputs[0], dlogits) &&
    fusion.areSame(node.inputs[1], weight)
  );
}

/** dlogits^T h or h^T dlogits: sums over the rows. */
function isWeightGradient(fusion: Fusion, node: Node, dlogits: number, h: number): boolean {
  if (node.op !== 'matmul' || !fusion.isFree(node.id) || node.shape.length !== 2) return false;
  if (!node.attributes.transpose_a || node.attributes.transpose_b) return false;
  const [a, b] = node.inputs;
  return (
    (fusion.areSame(a, dlogits) && fusion.areSame(b, h)) ||
    (fusion.areSame(a, h) && fusion.areSame(b, dlogits))
  );
}

function emitChunk(fusion: Fusion, { product, loss, gradient }: Head, at: number, count: number): void {
  const { draft } = fusion;
  const [rows = 1, vocab = 1] = product.shape;
  const [h = -1, weight = -1] = product.inputs;
  const width = draft.value(h).size / rows;
  const share = (node: Node): { readonly scope: string; readonly flops: number } => {
    const { scope, flops } = draft.origin(node);
    return { scope, flops: (flops * count) / rows };
  };
  const rowsOf = (id: number, columns: number): number => draft.view(id, [count, columns], at * columns);
  const vectorOf = (id: number): number => draft.view(id, [count], at);
  const plain = { batch: 1, shared_b: false, epilogue: null, sums: null };

  const logits = draft.make([count, vocab], 'f32', 'logits');
  const hidden = rowsOf(h, width);
  const sizes = matmulSizes(draft, product);
  draft.call('matmul', [hidden, weight], [logits], { ...sizes, ...plain, m: count }, share(product));
  const losses = vectorOf(loss.id);
  const attributes = { rows: count, vocab, ...loss.attributes };
  const labels = vectorOf(loss.inputs[1] as number);
  if (gradient === null) {
    draft.call('cross_entropy', [logits, labels], [losses, null], attributes, share(loss));
    return;
  }
  const { node, dh, dweight } = gradient;
  const dlogits = draft.make([count, vocab], 'f32', 'logits');
  const { scope, flops } = share(loss);
  const both = { scope, flops: flops + share(node).flops };
  const dloss = draft.view(gradient.dloss, []);
  draft.call('cross_entropy', [logits, labels, dloss], [losses, dlogits], attributes, both);
  const back = { ...matmulSizes(draft, dh), ...plain, m: count };
  draft.call('matmul', [dlogits, weight], [rowsOf(dh.id, width)], back, share(dh));
  const factors = fusion.areSame(dweight.inputs[0], h) ? [hidden, dlogits] : [dlogits, hidden];
  const sum = { operands: 2, steps: [{ op: 'add', args: [1, 0] }], stores: [2] } as const;
  draft.call(
    'matmul',
    at === 0 ? factors : [...factors, dweight.id],
    [dweight.id],
    { ...matmulSizes(draft, dweight), ...plain, k: count, epilogue: at === 0 ? null : sum },
    share(dweight),
  );
}
