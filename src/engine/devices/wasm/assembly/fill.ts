import { at, float, int } from './words';

/** (result, count, value's bits, elements per unit) */
export function fill(args: usize, unit: i32, thread: i32): void {
  const size = int(args, 3);
  const begin = unit * size;
  const count = min(size, int(args, 1) - begin);
  const to = at(args, 0) + ((<usize>begin) << 2);
  const value = f32x4.splat(float(args, 2));
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(to + ((<usize>i) << 2), value);
  for (; i < count; i++) store<i32>(to + ((<usize>i) << 2), int(args, 2));
}

/** (result, count) i32 0, 1, ... */
export function iota(args: usize, unit: i32, thread: i32): void {
  const to = at(args, 0);
  const count = int(args, 1);
  for (let i = 0; i < count; i++) store<i32>(to + ((<usize>i) << 2), i);
}
