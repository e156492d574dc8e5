import { at, int } from './words';

/**
 * Moves elements over four axes, the last one innermost; an item is a piece of a row along it.
 *
 * (from, to, extents 0 to 3, strides of from 0 to 3, strides of to 0 to 3 in bytes, elements of a piece,
 * items of a unit, items)
 */
export function copy(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 5);
  const piece = int(args, 14);
  const pieces = (width + piece - 1) / piece;
  const first = unit * int(args, 15);
  const end = min(int(args, 16), first + int(args, 15));
  const fromStep = at(args, 9);
  const toStep = at(args, 13);
  for (let item = first; item < end; item++) {
    let row = item / pieces;
    const column = (item - row * pieces) * piece;
    let from = at(args, 0) + <usize>column * fromStep;
    let to = at(args, 1) + <usize>column * toStep;
    for (let axis = 2; axis >= 0; axis--) {
      const extent = int(args, 2 + axis);
      const outer = row / extent;
      const index = <usize>(row - outer * extent);
      from += index * at(args, 6 + axis);
      to += index * at(args, 10 + axis);
      row = outer;
    }
    const n = min(piece, width - column);
    if (fromStep == 4 && toStep == 4) memory.copy(to, from, <usize>n << 2);
    else move(from, to, fromStep, toStep, n);
  }
}

function move(from: usize, to: usize, fromStep: usize, toStep: usize, n: i32): void {
  if (fromStep == 0 && toStep == 4) {
    const value = v128.load32_splat(from);
    for (; n >= 4; n -= 4, to += 16) v128.store(to, value);
  }
  for (; n >= 4; n -= 4) {
    const a = load<u32>(from);
    const b = load<u32>(from + fromStep);
    const c = load<u32>(from + fromStep * 2);
    const d = load<u32>(from + fromStep * 3);
    store<u32>(to, a);
    store<u32>(to + toStep, b);
    store<u32>(to + toStep * 2, c);
    store<u32>(to + toStep * 3, d);
    from += fromStep << 2;
    to += toStep << 2;
  }
  for (; n > 0; n--, from += fromStep, to += toStep) store<u32>(to, load<u32>(from));
}
