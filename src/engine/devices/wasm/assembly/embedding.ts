import { at, int } from './words';

/** (table, ids, result, rows, width, rows of a unit) */
export function embedding(args: usize, unit: i32, thread: i32): void {
  const bytes = <usize>int(args, 4) << 2;
  const first = unit * int(args, 5);
  const end = min(int(args, 3), first + int(args, 5));
  for (let row = first; row < end; row++) {
    const id = <usize>load<i32>(at(args, 1) + (<usize>row << 2));
    memory.copy(at(args, 2) + <usize>row * bytes, at(args, 0) + id * bytes, bytes);
  }
}

/**
 * Rows of dy added up by id, in ascending position. A unit is some columns of the whole table, so that
 * each element has one thread that adds to it, in that order.
 *
 * (dy, ids, result, rows, width, table_rows, columns of a unit)
 */
export function embedding_grad(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 4);
  const bytes = <usize>width << 2;
  const first = unit * int(args, 6);
  const columns = min(int(args, 6), width - first);
  const offset = <usize>first << 2;
  const result = at(args, 2) + offset;
  const dy = at(args, 0) + offset;
  for (let row = 0; row < int(args, 5); row++) {
    memory.fill(result + <usize>row * bytes, 0, <usize>columns << 2);
  }
  for (let position = 0; position < int(args, 3); position++) {
    const id = <usize>load<i32>(at(args, 1) + (<usize>position << 2));
    let to = result + id * bytes;
    let from = dy + <usize>position * bytes;
    let n = columns;
    for (; n >= 4; n -= 4, to += 16, from += 16) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    }
    for (; n > 0; n--, to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
  }
}
