import { graphErrors } from '../errors.ts';
import type { NodeOf } from '../ir.ts';
import { stridesOf } from '../sizes.ts';
import type { CallOrigin, Draft } from './draft.ts';

/** Ops that move elements, as `copy` calls over as few axes as there can be. */

interface Movement {
  readonly extent: readonly number[];
  readonly from_offset: number;
  readonly from_strides: readonly number[];
  readonly to_offset: number;
  readonly to_strides: readonly number[];
}

const MOST_AXES = 4;

/** Strides that repeat a tensor of shape `from` over `to`, as NumPy broadcasts. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  const extra = to.length - from.length;
  return to.map((_, axis) =>
    axis < extra || from[axis - extra] === 1 ? 0 : (strides[axis - extra] as number),
  );
}

export function emitCopy(draft: Draft, from: number, to: number, move: Movement, origin: CallOrigin): void {
  for (const attributes of splitAxes(collapseAxes(move)))
    draft.call('copy', [from], [to], attributes, origin);
}

/** All of one tensor into another of the same size; rows of either may have gaps. */
export function emitWholeCopy(draft: Draft, from: number, to: number, origin: CallOrigin): void {
  const [source, target] = [draft.value(from), draft.value(to)];
  const width = target.shape[target.shape.length - 1] ?? 1;
  const rows = target.size / Math.max(1, width);
  emitCopy(
    draft,
    from,
    to,
    {
      extent: [rows, width],
      from_offset: 0,
      from_strides: [source.row_stride ?? width, 1],
      to_offset: 0,
      to_strides: [target.row_stride ?? width, 1],
    },
    origin,
  );
}

export function emitTranspose(draft: Draft, node: NodeOf<'transpose'>): void {
  const x = node.inputs[0] as number;
  const strides = stridesOf(draft.value(x).shape);
  gather(
    draft,
    node,
    x,
    node.attributes.permutation.map((axis) => strides[axis] as number),
    0,
  );
}

export function emitSlice(draft: Draft, node: NodeOf<'slice'>): void {
  const x = node.inputs[0] as number;
  const strides = stridesOf(draft.value(x).shape);
  gather(draft, node, x, strides, sliceStart(node, strides));
}

export function sliceStart(node: NodeOf<'slice'>, strides: readonly number[]): number {
  return node.attributes.begin.reduce((sum, begin, axis) => sum + begin * (strides[axis] as number), 0);
}

export function emitBroadcast(draft: Draft, node: NodeOf<'broadcast_to'>): void {
  const x = node.inputs[0] as number;
  gather(draft, node, x, broadcastStrides(draft.value(x).shape, node.shape), 0);
}

export function emitConcat(draft: Draft, node: NodeOf<'concat'>): void {
  const { axis } = node.attributes;
  const to_strides = stridesOf(node.shape);
  let position = 0;
  for (const input of node.inputs) {
    const { shape, base } = draft.value(input);
    if (base === node.id) {
      position += shape[axis] ?? 0;
      continue; // computed where it belongs
    }
    const to_offset = position * (to_strides[axis] as number);
    const move = { extent: shape, from_offset: 0, from_strides: stridesOf(shape), to_offset, to_strides };
    emitCopy(draft, input, node.id, move, draft.origin(node));
    position += shape[axis] ?? 0;
  }
}

function gather(
  draft: Draft,
  node: NodeOf<'transpose'> | NodeOf<'slice'> | NodeOf<'broadcast_to'>,
  from: number,
  from_strides: readonly number[],
  from_offset: number,
): void {
  const move = {
    extent: node.shape,
    from_offset,
    from_strides,
    to_offset: 0,
    to_strides: stridesOf(node.shape),
  };
  emitCopy(draft, from, node.id, move, draft.origin(node));
}

/** Drops axes of 1 and joins neighbours that both sides walk through as if they were one. */
function collapseAxes(move: Movement): Movement {
  const extent: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  for (let axis = 0; axis < move.extent.length; axis++) {
    const size = move.extent[axis] as number;
    if (size === 1) continue;
    const [s, t] = [move.from_strides[axis] as number, move.to_strides[axis] as number];
    const last = extent.length - 1;
    if (last >= 0 && from[last] === s * size && to[last] === t * size) {
      extent[last] = (extent[last] as number) * size;
      from[last] = s;
      to[last] = t;
    } else {
      extent.push(size);
      from.push(s);
      to.push(t);
    }
  }
  if (extent.length === 0) {
    extent.push(1);
    from.push(1);
    to.push(1);
  }
  return { ...move, extent, from_strides: from, to_strides: to };
}

/** Devices copy over at most four axes: further ones become a call for each of their elements. */
function splitAxes(move: Movement): readonly Movement[] {
  if (move.extent.length <= MOST_AXES) return [move];
  const [size = 0, ...extent] = move.extent;
  const [from = 0, ...from_strides] = move.from_strides;
  const [to = 0, ...to_strides] = move.to_strides;
  if (size > 4096) {
    throw graphErrors.malformed({
      message: `A copy over [${move.extent.join(', ')}] would take too many calls.`,
    });
  }
  return Array.from({ length: size }, (_, i) => ({
    extent,
    from_offset: move.from_offset + i * from,
    from_strides,
    to_offset: move.to_offset + i * to,
    to_strides,
  })).flatMap(splitAxes);
}
