import { at, int } from './words';

/**
 * New rows into a cache, at a position that is fed. Item i is row t of block b, i = b * time + t; it
 * comes from `from` + sequence * sequence stride + part * part stride + t * row stride, where b =
 * sequence * parts + part, and goes to row position + t of block b. All strides in bytes.
 *
 * (from, cache, positions, elements per sequence of positions (0 where all share one), parts, time, capacity, size,
 * sequence stride, part stride, row stride, items of a unit, items)
 */
export function cache_rows(args: usize, unit: i32, thread: i32): void {
  const parts = int(args, 4);
  const time = int(args, 5);
  const bytes = <usize>int(args, 7) << 2;
  const first = unit * int(args, 11);
  const end = min(int(args, 12), first + int(args, 11));
  for (let item = first; item < end; item++) {
    const block = item / time;
    const t = item - block * time;
    const sequence = block / parts;
    const position = load<i32>(at(args, 2) + (<usize>(sequence * int(args, 3)) << 2));
    const from =
      at(args, 0) +
      <usize>sequence * at(args, 8) +
      <usize>(block - sequence * parts) * at(args, 9) +
      <usize>t * at(args, 10);
    const row = <usize>block * <usize>int(args, 6) + <usize>(position + t);
    memory.copy(at(args, 1) + row * bytes, from, bytes);
  }
}
