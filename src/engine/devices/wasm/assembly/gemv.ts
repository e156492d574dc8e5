import { evaluate } from './evaluate';
import { madd, sum4 } from './math';
import { scratch } from './scratch';
import { at, int } from './words';

/*
 * Products with few rows, as in decoding: what counts is to read b once, as fast as memory gives it, so
 * nothing is packed.
 */

/** Columns of four rows of b that stay in the L1 cache while all rows of a use them. */
const NEAR: i32 = 512;

/**
 * b is [k][n]. A unit reads some whole rows of b, one after the other as they lie in memory, and adds them up
 * by itself: [pieces][m][n]; `gemv_total` adds the pieces.
 * Words: 0 a, 1 b, 2 pieces, 3 m, 4 n, 5 k, 6 and 7 bytes between rows of a and b, 8 rows of b in a piece,
 * 9 pieces of a batch, 10 and 11 bytes between batches of a and b.
 */
export function gemv_pieces(args: usize, unit: i32, thread: i32): void {
  const m = int(args, 3);
  const n = int(args, 4);
  const pieces = int(args, 9);
  const batch = unit / pieces;
  const first = (unit - batch * pieces) * int(args, 8);
  const rows = min(int(args, 8), int(args, 5) - first);
  const a = at(args, 0) + <usize>batch * at(args, 10) + (<usize>first << 2);
  let b = at(args, 1) + <usize>batch * at(args, 11) + <usize>first * at(args, 7);
  const sums = at(args, 2) + (<usize>unit * <usize>(m * n) << 2);
  memory.fill(sums, 0, <usize>(m * n) << 2);
  const stride = at(args, 7);
  let p = 0;
  // A single row of a is best served by going through b without a jump; several use what they have read.
  for (; m > 1 && p + 4 <= rows; p += 4) {
    for (let j = 0; j < n; j += NEAR) {
      for (let i = 0; i < m; i++) {
        const x = a + <usize>i * at(args, 6) + (<usize>p << 2);
        addFour(x, b + (<usize>j << 2), stride, min(NEAR, n - j), sums + (<usize>(i * n + j) << 2));
      }
    }
    b += 4 * stride;
  }
  for (; p < rows; p++) {
    for (let i = 0; i < m; i++) {
      const x = v128.load32_splat(a + <usize>i * at(args, 6) + (<usize>p << 2));
      addRow(x, b, n, sums + (<usize>(i * n) << 2));
    }
    b += stride;
  }
}

/** sums += x[0] row 0 + ... + x[3] row 3, rounded as by four times `addRow`. */
function addFour(x: usize, rows: usize, stride: usize, columns: i32, sums: usize): void {
  const x0 = v128.load32_splat(x);
  const x1 = v128.load32_splat(x, 4);
  const x2 = v128.load32_splat(x, 8);
  const x3 = v128.load32_splat(x, 12);
  const whole = columns & ~7;
  const r1 = rows + stride;
  const r2 = r1 + stride;
  const r3 = r2 + stride;
  for (let j: usize = 0; j < <usize>whole << 2; j += 32) {
    let s = madd(x0, v128.load(rows + j), v128.load(sums + j));
    let t = madd(x0, v128.load(rows + j, 16), v128.load(sums + j, 16));
    s = madd(x1, v128.load(r1 + j), s);
    t = madd(x1, v128.load(r1 + j, 16), t);
    s = madd(x2, v128.load(r2 + j), s);
    t = madd(x2, v128.load(r2 + j, 16), t);
    v128.store(sums + j, madd(x3, v128.load(r3 + j), s));
    v128.store(sums + j, madd(x3, v128.load(r3 + j, 16), t), 16);
  }
  if (whole == columns) return;
  const rest = <usize>whole << 2;
  addRow(x0, rows + rest, columns - whole, sums + rest);
  addRow(x1, r1 + rest, columns - whole, sums + rest);
  addRow(x2, r2 + rest, columns - whole, sums + rest);
  addRow(x3, r3 + rest, columns - whole, sums + rest);
}

/** sums += x row */
function addRow(x: v128, row: usize, n: i32, sums: usize): void {
  const end = sums + (<usize>n << 2);
  for (; sums + 128 <= end; sums += 128) {
    v128.store(sums, madd(x, v128.load(row), v128.load(sums)));
    v128.store(sums, madd(x, v128.load(row, 16), v128.load(sums, 16)), 16);
    v128.store(sums, madd(x, v128.load(row, 32), v128.load(sums, 32)), 32);
    v128.store(sums, madd(x, v128.load(row, 48), v128.load(sums, 48)), 48);
    v128.store(sums, madd(x, v128.load(row, 64), v128.load(sums, 64)), 64);
    v128.store(sums, madd(x, v128.load(row, 80), v128.load(sums, 80)), 80);
    v128.store(sums, madd(x, v128.load(row, 96), v128.load(sums, 96)), 96);
    v128.store(sums, madd(x, v128.load(row, 112), v128.load(sums, 112)), 112);
    row += 128;
  }
  for (; sums < end; sums += 4) {
    // One of four lanes: the same rounding wherever a column lies.
    const s = madd(x, v128.load32_splat(row), v128.load32_splat(sums));
    store<f32>(sums, f32x4.extract_lane(s, 0));
    row += 4;
  }
}

/**
 * Adds up what `gemv_pieces` left, in ascending k. Words: 0 pieces, 1 out (0 where an expression stores), 2 m,
 * 3 n, 4 pieces of a batch, 5 columns of a unit, 6 units of a row, 7 the expression, 8 and 9 bytes between
 * rows and batches of out. A unit is some columns of one row.
 */
export function gemv_total(args: usize, unit: i32, thread: i32): void {
  const m = int(args, 2);
  const n = int(args, 3);
  const pieces = int(args, 4);
  const units = int(args, 6);
  const row = unit / units; // of [batch, m]
  const batch = row / m;
  const i = row - batch * m;
  const column = (unit - row * units) * int(args, 5);
  const columns = min(int(args, 5), n - column);
  const expression = at(args, 7);
  let to = scratch(thread);
  if (expression == 0) {
    to = at(args, 1) + <usize>batch * at(args, 9) + <usize>i * at(args, 8) + (<usize>column << 2);
  }
  const pitch = <usize>(m * n) << 2;
  const from = at(args, 0) + <usize>(batch * pieces) * pitch + (<usize>(i * n + column) << 2);
  for (let j: usize = 0; j < <usize>columns << 2; ) {
    let piece = from + j;
    if (j + 16 <= <usize>columns << 2) {
      let sum = v128.load(piece);
      for (let p = 1; p < pieces; p++) {
        piece += pitch;
        sum = f32x4.add(sum, v128.load(piece));
      }
      v128.store(to + j, sum);
      j += 16;
    } else {
      let sum = load<f32>(piece);
      for (let p = 1; p < pieces; p++) {
        piece += pitch;
        sum += load<f32>(piece);
      }
      store<f32>(to + j, sum);
      j += 4;
    }
  }
  if (expression != 0) evaluate(expression, row * n + column, columns, to, thread);
}

/**
 * b is [n][k]: each element is the product of two rows. A unit computes some columns of all rows.
 * Words: 0 a, 1 b, 2 out (0 where an expression stores), 3 m, 4 n, 5 k, 6 to 8 bytes between rows of a, b and
 * out, 9 columns of a unit, 10 the expression, 11 to 13 bytes between batches of a, b and out, 14 units of a
 * batch.
 */
export function gemv_rows(args: usize, unit: i32, thread: i32): void {
  const m = int(args, 3);
  const n = int(args, 4);
  const k = int(args, 5);
  const strideA = at(args, 6);
  const strideB = at(args, 7);
  const units = int(args, 14);
  const batch = unit / units;
  const column = (unit - batch * units) * int(args, 9);
  const columns = min(int(args, 9), n - column);
  const a = at(args, 0) + <usize>batch * at(args, 11);
  let b = at(args, 1) + <usize>batch * at(args, 12) + <usize>column * strideB;
  const sums = scratch(thread);
  const pitch = <usize>((columns + 3) & ~3) << 2;
  let j = 0;
  for (; j < columns; j += 2) {
    // With an odd number the last one is computed twice.
    const next = j + 1 < columns ? strideB : 0;
    let to = sums + (<usize>j << 2);
    let row = a;
    let i = 0;
    for (; i + 4 <= m; i += 4) {
      dotEight(row, strideA, b, next, k, to, pitch);
      row += 4 * strideA;
      to += 4 * pitch;
    }
    for (; i < m; i++) {
      store<f32>(to, dotOne(row, b, k));
      if (next != 0) store<f32>(to, dotOne(row, b + next, k), 4);
      row += strideA;
      to += pitch;
    }
    b += 2 * strideB;
  }
  for (let i = 0; i < m; i++) put(args, batch, i, column, columns, sums + <usize>i * pitch, thread);
}

function dotOne(x: usize, y: usize, k: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = x + (<usize>k << 2);
  for (; x + 128 <= end; x += 128) {
    s0 = madd(v128.load(x), v128.load(y), s0);
    s1 = madd(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd(v128.load(x, 48), v128.load(y, 48), s3);
    s0 = madd(v128.load(x, 64), v128.load(y, 64), s0);
    s1 = madd(v128.load(x, 80), v128.load(y, 80), s1);
    s2 = madd(v128.load(x, 96), v128.load(y, 96), s2);
    s3 = madd(v128.load(x, 112), v128.load(y, 112), s3);
    y += 128;
  }
  for (; x + 64 <= end; x += 64) {
    s0 = madd(v128.load(x), v128.load(y), s0);
    s1 = madd(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd(v128.load(x, 48), v128.load(y, 48), s3);
    y += 64;
  }
  let sum = sum4(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; x < end; x += 4) {
    sum += load<f32>(x) * load<f32>(y);
    y += 4;
  }
  return sum;
}

/** Four rows of a with two of b, `next` bytes apart; the second result is kept where there are two. */
function dotEight(x: usize, stride: usize, y: usize, next: usize, k: i32, to: usize, pitch: usize): void {
  let x1 = x + stride;
  let x2 = x1 + stride;
  let x3 = x2 + stride;
  let z = y + next;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  const end = x + (<usize>k << 2);
  for (; x + 16 <= end; x += 16) {
    const right = v128.load(y);
    const other = v128.load(z);
    const a0 = v128.load(x);
    s0 = madd(a0, right, s0);
    t0 = madd(a0, other, t0);
    const a1 = v128.load(x1);
    s1 = madd(a1, right, s1);
    t1 = madd(a1, other, t1);
    const a2 = v128.load(x2);
    s2 = madd(a2, right, s2);
    t2 = madd(a2, other, t2);
    const a3 = v128.load(x3);
    s3 = madd(a3, right, s3);
    t3 = madd(a3, other, t3);
    x1 += 16;
    x2 += 16;
    x3 += 16;
    y += 16;
    z += 16;
  }
  const rest = end - x;
  store<f32>(to, sum4(s0) + dotRest(x, y, rest));
  store<f32>(to + pitch, sum4(s1) + dotRest(x1, y, rest));
  store<f32>(to + 2 * pitch, sum4(s2) + dotRest(x2, y, rest));
  store<f32>(to + 3 * pitch, sum4(s3) + dotRest(x3, y, rest));
  if (next == 0) return;
  store<f32>(to, sum4(t0) + dotRest(x, z, rest), 4);
  store<f32>(to + pitch, sum4(t1) + dotRest(x1, z, rest), 4);
  store<f32>(to + 2 * pitch, sum4(t2) + dotRest(x2, z, rest), 4);
  store<f32>(to + 3 * pitch, sum4(t3) + dotRest(x3, z, rest), 4);
}

/** Up to three elements. */
function dotRest(x: usize, y: usize, bytes: usize): f32 {
  let sum: f32 = 0;
  for (let p: usize = 0; p < bytes; p += 4) sum += load<f32>(x + p) * load<f32>(y + p);
  return sum;
}

/** Finished columns of a row, to where they belong or through the expression. */
function put(
  args: usize, batch: i32, row: i32, column: i32, columns: i32, sums: usize, thread: i32,
): void {
  if (at(args, 10) != 0) {
    const start = (batch * int(args, 3) + row) * int(args, 4) + column;
    evaluate(at(args, 10), start, columns, sums, thread);
    return;
  }
  const out = at(args, 2) + <usize>batch * at(args, 13) + <usize>row * at(args, 8);
  memory.copy(out + (<usize>column << 2), sums, <usize>columns << 2);
}
