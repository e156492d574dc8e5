import { maxOf, sumOf } from './rows';
import { at, int } from './words';

/**
 * x [outer, size, inner] -> [chunks, outer, inner], each chunk of the reduced axis by itself. An item is
 * one chunk of one outer index, or part of its columns; items of a unit follow one another.
 *
 * (x, result, outer, size, inner, elements of a chunk, chunks, columns of an item, items of a unit, items)
 */
export function reduce_sum_part(args: usize, unit: i32, thread: i32): void {
  part(args, unit, false);
}

export function reduce_max_part(args: usize, unit: i32, thread: i32): void {
  part(args, unit, true);
}

function part(args: usize, unit: i32, largest: bool): void {
  const outer = int(args, 2);
  const size = int(args, 3);
  const inner = int(args, 4);
  const chunk = int(args, 5);
  const columns = int(args, 7);
  const pieces = (inner + columns - 1) / columns;
  const first = unit * int(args, 8);
  const end = min(int(args, 9), first + int(args, 8));
  for (let item = first; item < end; item++) {
    const row = item / pieces;
    const column = (item - row * pieces) * columns;
    const o = row % outer;
    const begin = (row / outer) * chunk;
    const depth = min(chunk, size - begin);
    const x = at(args, 0) + (((<usize>o * <usize>size + <usize>begin) * <usize>inner + <usize>column) << 2);
    const to = at(args, 1) + ((<usize>row * <usize>inner + <usize>column) << 2);
    if (inner == 1) store<f32>(to, largest ? maxOf(x, depth) : <f32>sumOf(x, depth));
    else if (largest) maxColumns(x, to, depth, inner, min(columns, inner - column));
    else sumColumns(x, to, depth, inner, min(columns, inner - column));
  }
}

/** Rows that are added up in f32 before the sum goes on in f64. */
const BLOCK: i32 = 64;

/** Sums over `depth` rows of `stride` elements, of the first `columns` of them. */
function sumColumns(x: usize, to: usize, depth: i32, stride: i32, columns: i32): void {
  const step = <usize>stride << 2;
  let c = 0;
  for (; c + 8 <= columns; c += 8, x += 32, to += 32) {
    let t0 = f64x2.splat(0);
    let t1 = t0;
    let t2 = t0;
    let t3 = t0;
    let from = x;
    for (let done = 0; done < depth; done += BLOCK) {
      let a = f32x4.splat(0);
      let b = a;
      for (let n = min(BLOCK, depth - done); n > 0; n--, from += step) {
        a = f32x4.add(a, v128.load(from));
        b = f32x4.add(b, v128.load(from, 16));
      }
      t0 = f64x2.add(t0, f64x2.promote_low_f32x4(a));
      t1 = f64x2.add(t1, f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 0)));
      t2 = f64x2.add(t2, f64x2.promote_low_f32x4(b));
      t3 = f64x2.add(t3, f64x2.promote_low_f32x4(v128.shuffle<i64>(b, b, 1, 0)));
    }
    v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(t0), f32x4.demote_f64x2_zero(t1), 0, 2));
    v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(t2), f32x4.demote_f64x2_zero(t3), 0, 2), 16);
  }
  for (; c < columns; c++, x += 4, to += 4) {
    let total: f64 = 0;
    let from = x;
    for (let done = 0; done < depth; done += BLOCK) {
      let a: f32 = 0;
      for (let n = min(BLOCK, depth - done); n > 0; n--, from += step) a += load<f32>(from);
      total += <f64>a;
    }
    store<f32>(to, <f32>total);
  }
}

function maxColumns(x: usize, to: usize, depth: i32, stride: i32, columns: i32): void {
  const step = <usize>stride << 2;
  let c = 0;
  for (; c + 4 <= columns; c += 4, x += 16, to += 16) {
    let most = f32x4.splat(-Infinity);
    let from = x;
    for (let n = depth; n > 0; n--, from += step) most = f32x4.max(most, v128.load(from));
    v128.store(to, most);
  }
  for (; c < columns; c++, x += 4, to += 4) {
    let most: f32 = -Infinity;
    let from = x;
    for (let n = depth; n > 0; n--, from += step) most = max(most, load<f32>(from));
    store<f32>(to, most);
  }
}
