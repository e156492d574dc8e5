import type { PlanTensor } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import { extentOf } from '../../graph/sizes.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import type { Space } from './wanted.ts';

/**
 * A space is a row of GPU buffers that a plan sees as one: byte b lies in buffer floor(b / chunk). Most
 * often there is one buffer; low limits make it several, and a tensor may reach over their borders.
 */

/** Bytes of an element. */
export function widthOf(type: string): number {
  return type === 'f16' ? 2 : 4;
}

/** Offsets of bindings are multiples of this on every adapter (WebGPU's default and greatest minimum). */
export const PLACE_ALIGNMENT = 256;

export interface ByteRange {
  readonly space: Space;
  readonly start: number;
  readonly end: number;
}

/** A part of a range that one binding can hold. */
export interface Piece {
  readonly buffer: number;
  readonly offset: number;
  readonly bytes: number;
}

type Limits = Pick<AdapterFacts, 'max_buffer_bytes' | 'max_binding_bytes'>;

/** Bytes of each GPU buffer of a space but the last. */
export function chunkBytes(limits: Limits): number {
  return Math.floor(limits.max_buffer_bytes / PLACE_ALIGNMENT) * PLACE_ALIGNMENT;
}

/** Sizes of the GPU buffers of a space of so many bytes. */
export function bufferSizes(bytes: number, limits: Limits): number[] {
  const chunk = chunkBytes(limits);
  const sizes: number[] = [];
  for (let start = 0; start < bytes; start += chunk) sizes.push(Math.min(chunk, bytes - start));
  return sizes;
}

/** `start` is a multiple of 256, and so is where each piece begins. */
export function piecesOf({ start, end }: Omit<ByteRange, 'space'>, limits: Limits): Piece[] {
  const chunk = chunkBytes(limits);
  const most = Math.floor(limits.max_binding_bytes / PLACE_ALIGNMENT) * PLACE_ALIGNMENT;
  const pieces: Piece[] = [];
  for (let at = start; at < end; ) {
    const buffer = Math.floor(at / chunk);
    const stop = Math.min(end, (buffer + 1) * chunk, at + most);
    pieces.push({ buffer, offset: at - buffer * chunk, bytes: stop - at });
    at = stop;
  }
  return pieces;
}

/** Byte of the space at which the tensor's first element is. */
export function firstByte(tensor: PlanTensor, state: StateLayout): number {
  const { place } = tensor;
  const start = place.in === 'arena' ? place.offset : (state.offsets.get(place.name) ?? 0);
  return start + tensor.offset * widthOf(tensor.dtype);
}

/**
 * What a binding of the tensor, or of a part of it, covers: from a multiple of 256 on, rounded up to whole
 * vectors at the end.
 */
export function rangeOf(
  tensor: PlanTensor,
  state: StateLayout,
  part: { readonly first: number; readonly count: number } = { first: 0, count: extentOf(tensor) },
): ByteRange {
  const width = widthOf(tensor.dtype);
  const first = firstByte(tensor, state) + part.first * width;
  const start = Math.floor(first / PLACE_ALIGNMENT) * PLACE_ALIGNMENT;
  const last = first + Math.max(part.count, 1) * width;
  return { space: tensor.place.in, start, end: start + Math.ceil((last - start) / 16) * 16 };
}
