import type { Node, NodeOf } from '../ir.ts';
import { sameShape } from '../sizes.ts';
import type { Fusion } from './fusion.ts';
import type { StateLayout } from './state-layout.ts';

/**
 * Weights that lie one behind the other in the state are one weight with more rows. So are products with
 * them one product: those of the same rows, whose results are columns side by side (queries, keys and
 * values), and those whose results are added up (their gradients by these rows).
 */
export function fuseStacks(fusion: Fusion, layout: StateLayout): void {
  for (const node of fusion.nodesOf('concat')) fuseColumns(fusion, layout, node);
  for (const node of fusion.nodesOf('add_n')) fuseSum(fusion, layout, node);
  for (const node of fusion.nodesOf('add')) fuseSum(fusion, layout, node);
}

type Product = NodeOf<'matmul'>;

/** x times the transpose of each weight, side by side. */
function fuseColumns(fusion: Fusion, layout: StateLayout, node: NodeOf<'concat'>): void {
  const { draft, nodes } = fusion;
  if (!fusion.isFree(node.id) || draft.isView(node.id) || node.shape.length !== 2) return;
  if (node.attributes.axis !== 1) return;
  const products = productsOf(fusion, node, node.inputs, true);
  if (products === null) return;
  const x = products[0]?.inputs[0] as number;
  if (!products.every((one) => fusion.areSame(one.inputs[0], x))) return;
  if (nodes[x]?.shape[0] !== node.shape[0]) return;
  const weights = neighbours(fusion, layout, products);
  if (weights === null) return;
  emit(fusion, node, products, () => ({ a: x, weights, transpose_b: true }));
}

/** The sum of y_i times weight i, where the y_i are columns side by side. */
function fuseSum(fusion: Fusion, layout: StateLayout, node: NodeOf<'add_n'> | NodeOf<'add'>): void {
  const { draft } = fusion;
  if (!fusion.isFree(node.id) || node.shape.length !== 2) return;
  const operands = fusion.operands[node.id] ?? [];
  const ids = operands.flatMap((operand) => (operand.from === 'value' ? [operand.id] : []));
  if (ids.length !== operands.length) return;
  const found = productsOf(fusion, node, ids, false);
  if (found === null) return;
  const rowsOf = (product: Product) => draft.value(product.inputs[0] as number);
  const products = [...found].sort((a, b) => rowsOf(a).offset - rowsOf(b).offset);
  const first = rowsOf(products[0] as Product);
  let next = first.offset;
  for (const product of products) {
    const { base, offset, row_stride, shape } = rowsOf(product);
    if (base !== first.base || row_stride === null || row_stride !== first.row_stride) return;
    if (shape.length !== 2 || offset !== next) return;
    next += shape[1] as number;
  }
  const weights = neighbours(fusion, layout, products);
  if (weights === null) return;
  // Now: until the call is made, all of it may be put somewhere else.
  const width = next - first.offset;
  emit(fusion, node, products, () => {
    const { shape, row_stride } = rowsOf(products[0] as Product);
    const stride = width === row_stride ? null : row_stride;
    const a = draft.view(first.id, [shape[0] as number, width], 0, stride);
    return { a, weights, transpose_b: false };
  });
}

/** The products that `ids` are, if `node` is all that reads them and each is of another weight. */
function productsOf(
  fusion: Fusion,
  node: Node,
  ids: readonly number[],
  transpose_b: boolean,
): readonly Product[] | null {
  const { nodes, draft } = fusion;
  const products: Product[] = [];
  for (const id of ids) {
    const base = fusion.base(id);
    const product = nodes[base] as Node;
    if (product.op !== 'matmul' || !fusion.isFree(base) || !fusion.areSame(id, base)) return null;
    if (product.shape.length !== 2 || product.shape[0] !== node.shape[0]) return null;
    if (!transpose_b && product.shape[1] !== node.shape[1]) return null; // repeated along the row
    if (fusion.onlyReader(base) !== node || products.includes(product)) return null;
    if (product.attributes.transpose_a || product.attributes.transpose_b !== transpose_b) return null;
    if (draft.value(product.inputs[0] as number).shape.length !== 2) return null;
    products.push(product);
  }
  return products.length < 2 ? null : products;
}

/** The weights in the order of their products, if they are states that lie in that order without gaps. */
function neighbours(
  { draft, nodes }: Fusion,
  { offsets }: StateLayout,
  products: readonly Product[],
): readonly number[] | null {
  const weights: number[] = [];
  let end: number | null = null;
  for (const { inputs } of products) {
    const { base, size, shape } = draft.value(inputs[1] as number);
    const state = nodes[base] as Node;
    if (state.op !== 'state' || state.dtype !== 'f32' || !sameShape(shape, state.shape)) return null;
    const at = offsets.get(state.attributes.name);
    if (at === undefined || (end !== null && at !== end)) return null;
    end = at + 4 * size;
    weights.push(base);
  }
  return weights;
}

interface Stacked {
  readonly a: number;
  readonly weights: readonly number[];
  readonly transpose_b: boolean;
}

function emit(fusion: Fusion, node: Node, products: readonly Product[], stacked: () => Stacked): void {
  const { draft, nodes } = fusion;
  const members = [...products.map(({ id }) => id), node.id];
  if (!fusion.mayBeAt(members, node.id)) return;
  fusion.group(node.id, members, () => {
    const { a, weights, transpose_b } = stacked();
    const width = nodes[weights[0] as number]?.shape[1] as number;
    const rows = weights.reduce((sum, id) => sum + (nodes[id]?.shape[0] as number), 0);
    const [m, n] = node.shape as readonly [number, number];
    const k = transpose_b ? width : rows;
    const sizes = { batch: 1, m, n, k, transpose_a: false, transpose_b, shared_b: false };
    let flops = 0;
    for (const id of members) flops += draft.origin(nodes[id] as Node).flops;
    const weight = draft.stack(weights, [rows, width]);
    const attributes = { ...sizes, epilogue: null, sums: null };
    draft.call('matmul', [a, weight], [node.id], attributes, { scope: node.scope, flops });
  });
}
