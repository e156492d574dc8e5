import type { Node, NodeOf } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import type { Cluster } from './cluster.ts';
import type { Draft } from './draft.ts';
import type { Fusion } from './fusion.ts';

/**
 * Columns cut out of rows are read where they are when only products read them. To be called before
 * readers are looked up.
 */
export function viewColumns(draft: Draft): void {
  const { nodes, program } = draft;
  const slices = nodes.filter((node) => node.op === 'slice' && !draft.isView(node.id)) as NodeOf<'slice'>[];
  if (slices.length === 0) return;
  const isWanted = new Set([...Object.values(program.outputs), ...Object.values(program.updates)]);
  const readers = new Map<number, Node[]>(slices.map(({ id }) => [id, []]));
  for (const node of nodes) for (const input of node.inputs) readers.get(input)?.push(node);
  for (const node of slices) {
    if (isWanted.has(node.id)) continue;
    const source = nodes[node.inputs[0] as number] as Node;
    const last = node.shape.length - 1;
    if (last < 1 || draft.value(source.id).row_stride !== null) continue;
    if (node.shape.some((size, axis) => axis !== last && size !== source.shape[axis])) continue;
    const list = readers.get(node.id) as Node[];
    const products: readonly Node[] = list.filter((reader) => reader.op === 'matmul');
    if (products.length === 0 || !list.every((reader) => products.includes(reader) || isRowSum(reader, last)))
      continue;
    draft.lookAt(node.id, source.id, node.attributes.begin[last] as number, source.shape[last] as number);
  }
}

/** What most likely comes with the product that reads the same rows; else the columns are copied for it. */
function isRowSum(node: Node, last: number): boolean {
  return (
    node.op === 'reduce_sum' && node.attributes.axes.length === last && !node.attributes.axes.includes(last)
  );
}

/**
 * What is laid one after the other is computed where it goes: any result that is one piece there, and
 * products also as columns. To be called last: it changes whose storage values are in.
 */
export function placeConcats(fusion: Fusion, clusters: ReadonlyMap<number, Cluster>): void {
  for (const node of fusion.nodesOf('concat')) {
    if (!fusion.isFree(node.id) || fusion.draft.isView(node.id)) continue;
    const { axis } = node.attributes;
    const inner = sizeOf(node.shape.slice(axis + 1));
    const isPiece = sizeOf(node.shape.slice(0, axis)) === 1;
    let position = 0;
    for (const input of node.inputs) {
      const size = fusion.nodes[input]?.shape[axis] ?? 0;
      if (mayMove(fusion, node, input)) {
        if (isPiece) fusion.draft.rebase(input, node.id, position * inner);
        else if (inner === 1 && isColumns(fusion, clusters, node, input)) {
          fusion.draft.look(input, node.id, position, node.shape[axis] as number);
        }
      }
      position += size;
    }
  }
}

/** Whether the value is a result that nothing ties to a place of its own. */
function mayMove(fusion: Fusion, concat: NodeOf<'concat'>, input: number): boolean {
  const { op, dtype } = fusion.nodes[input] as Node;
  if (op === 'input' || op === 'state' || op === 'concat' || dtype !== concat.dtype) return false;
  if (fusion.draft.isView(input) || fusion.kept[input] === 1) return false;
  // Twice in it, whole or in part, it has to be copied to one of the places.
  if (concat.inputs.filter((other) => fusion.base(other) === input).length > 1) return false;
  // Read by the very call that makes it: moved, it would be read from where nothing has been written yet.
  const group = fusion.groupOf[input] as number;
  const readers = fusion.readers[input] as readonly number[];
  if (!fusion.isFree(input) && readers.some((reader) => fusion.groupOf[reader] === group)) return false;
  // Updates in place (caches) start as a copy of the whole.
  return op !== 'cache_write' && op !== 'cache_append';
}

function isColumns(
  fusion: Fusion,
  clusters: ReadonlyMap<number, Cluster>,
  concat: NodeOf<'concat'>,
  input: number,
): boolean {
  const cluster = clusters.get(fusion.groupOf[input] as number);
  if (cluster?.matmul == null || !cluster.values.includes(input)) return false;
  if (fusion.draft.values.some((value) => value.base === input && value.id !== input)) return false;
  return (fusion.readers[input] as readonly number[]).every((reader) => {
    if (reader === concat.id) return true;
    const node = fusion.nodes[reader] as Node;
    return node.op === 'matmul' && fusion.groupOf[reader] !== cluster.group.index;
  });
}
