import { height } from './gemm-micro';
import { packFourColumns, packSixColumns } from './gemm-pack';
import { sum4 } from './math';

/*
 * What attention forwards and backwards share. Small blocks of queries, keys and the like are copied so that
 * the innermost loop of matrix products (gemm-micro.ts) reads them in order: as its left side in sixes, with
 * fours at the end where a six would be two thirds empty, as its right side in eights.
 */

/** Rows of a, which is stored transposed, as the left side of `microAll`. */
export function packTransposed(a: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  while (rows > 0) {
    const high = height(rows);
    if (high == 6) packSixColumns(a, stride, min(6, rows), k, to);
    else packFourColumns(a, stride, min(4, rows), k, to);
    a += <usize>high << 2;
    to += <usize>k * (<usize>high << 2);
    rows -= high;
  }
}

/** Up to eight rows of [count][k] as columns, [k][8]; columns that are not there are 0. */
export function packEightRows(from: usize, stride: usize, count: i32, k: i32, to: usize): void {
  if (count == 8) {
    packHalf(from, stride, k, to);
    packHalf(from + 4 * stride, stride, k, to + 16);
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < count; j++) {
      store<f32>(to + (<usize>j << 2), load<f32>(from + <usize>j * stride + (<usize>p << 2)));
    }
    for (let j = count; j < 8; j++) store<f32>(to + (<usize>j << 2), 0);
    to += 32;
  }
}

function packHalf(from: usize, stride: usize, k: i32, to: usize): void {
  const from1 = from + stride;
  const from2 = from1 + stride;
  const from3 = from2 + stride;
  let p: usize = 0;
  for (const whole = <usize>(k & ~3) << 2; p < whole; p += 16) {
    const x0 = v128.load(from + p);
    const x1 = v128.load(from1 + p);
    const x2 = v128.load(from2 + p);
    const x3 = v128.load(from3 + p);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 32);
    v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 64);
    v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 96);
    to += 128;
  }
  for (const end = <usize>k << 2; p < end; p += 4) {
    store<f32>(to, load<f32>(from + p));
    store<f32>(to, load<f32>(from1 + p), 4);
    store<f32>(to, load<f32>(from2 + p), 8);
    store<f32>(to, load<f32>(from3 + p), 12);
    to += 32;
  }
}

/** Up to eight columns of [k][...], [k][8]; columns that are not there are 0. */
export function packEightColumns(from: usize, stride: usize, count: i32, k: i32, to: usize): void {
  for (; k > 0; k--) {
    if (count == 8) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    } else {
      for (let j = 0; j < count; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
      for (let j = count; j < 8; j++) store<f32>(to + (<usize>j << 2), 0);
    }
    from += stride;
    to += 32;
  }
}

/** [size][8] becomes `count` rows of `size`, each times its lane of `factor0` and `factor1`. */
export function unpackEight(
  from: usize, size: i32, factor0: v128, factor1: v128, count: i32, to: usize, stride: usize,
): void {
  if (count == 8 && (size & 3) == 0) {
    unpackHalf(from, size, factor0, to, stride);
    unpackHalf(from + 16, size, factor1, to + 4 * stride, stride);
    return;
  }
  for (let d = 0; d < size; d++) {
    v128.store(from, f32x4.mul(v128.load(from), factor0));
    v128.store(from, f32x4.mul(v128.load(from, 16), factor1), 16);
    for (let j = 0; j < count; j++) {
      store<f32>(to + <usize>j * stride + (<usize>d << 2), load<f32>(from + (<usize>j << 2)));
    }
    from += 32;
  }
}

function unpackHalf(from: usize, size: i32, factor: v128, to: usize, stride: usize): void {
  const to1 = to + stride;
  const to2 = to1 + stride;
  const to3 = to2 + stride;
  for (let d: usize = 0; d < <usize>size << 2; d += 16) {
    const x0 = f32x4.mul(v128.load(from), factor);
    const x1 = f32x4.mul(v128.load(from, 32), factor);
    const x2 = f32x4.mul(v128.load(from, 64), factor);
    const x3 = f32x4.mul(v128.load(from, 96), factor);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(to + d, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to1 + d, v128.shuffle<i64>(low01, low23, 1, 3));
    v128.store(to2 + d, v128.shuffle<i64>(high01, high23, 0, 2));
    v128.store(to3 + d, v128.shuffle<i64>(high01, high23, 1, 3));
    from += 128;
  }
}

/** Whether any of `rows` rows of `size` holds what is not a number. */
export function anyNaN(from: usize, stride: usize, rows: i32, size: i32): bool {
  let bad = i32x4.splat(0);
  for (; rows > 0; rows--) {
    let d: usize = 0;
    for (; d < <usize>(size & ~3) << 2; d += 16) {
      const x = v128.load(from + d);
      bad = v128.or(bad, f32x4.ne(x, x));
    }
    for (; d < <usize>size << 2; d += 4) {
      const x = v128.load32_splat(from + d);
      bad = v128.or(bad, f32x4.ne(x, x));
    }
    from += stride;
  }
  return v128.any_true(bad);
}

/** Which of keys j.. to j + 3 a query may see whose distance from key j is `distance`. */
@inline
export function visible(distance: i32): v128 {
  return i32x4.ge_s(i32x4.splat(distance), i32x4(0, 1, 2, 3));
}

export function dot(x: usize, y: usize, size: i32): f32 {
  let sum = f32x4.splat(0);
  let d: usize = 0;
  for (; d < <usize>(size & ~3) << 2; d += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(x + d), v128.load(y + d)));
  let total = sum4(sum);
  for (; d < <usize>size << 2; d += 4) total += load<f32>(x + d) * load<f32>(y + d);
  return total;
}
