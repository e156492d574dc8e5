import { at, int } from './words';

/*
 * Operands of a matrix product copied into the order in which the innermost loop reads them: b in panels of
 * eight columns [k][8] (the last of four where no more are left), a in panels of six or four rows. What is
 * beyond the matrix is 0 in b and a repeated row in a; either only reaches results that nobody keeps.
 */

/** Panels of b that one unit packs: 16 columns are a line of the cache. */
const UNIT_PANELS: i32 = 2;
/** Rows of b that are added up by themselves. */
const SUM_DEPTH: i32 = 512;

/**
 * (b, packed, k, n, bytes between rows of b, transposed, units per batch, bytes between batches of b and of
 * packed, sums or 0). `sums` receives the sums over k.
 */
export function gemm_pack(args: usize, unit: i32, thread: i32): void {
  const k = int(args, 2);
  const n = int(args, 3);
  const stride = at(args, 4);
  const units = int(args, 6);
  const batch = unit / units;
  const first = (unit - batch * units) * UNIT_PANELS;
  const last = min(first + UNIT_PANELS, (n + 7) >> 3);
  const b = at(args, 0) + <usize>batch * at(args, 7);
  const packed = at(args, 1) + <usize>batch * at(args, 8);
  const sums = at(args, 9);
  if (int(args, 5) == 0 && n - (first << 3) >= 16) {
    const column = <usize>first << 3;
    packSixteen(b + (column << 2), stride, k, packed + (column * <usize>k << 2), sums == 0 ? 0 : sums + (column << 2));
    return;
  }
  for (let panel = first; panel < last; panel++) {
    const column = panel << 3;
    const columns = min(8, n - column);
    const to = packed + (<usize>column * <usize>k << 2);
    if (int(args, 5) != 0) packColumns(b + <usize>column * stride, stride, k, columns, to);
    else packRows(b + (<usize>column << 2), stride, k, columns, to);
    if (sums != 0) sumPanel(to, k, columns, sums + (<usize>column << 2));
  }
}

/** From [k][n]: both panels of a unit, a line of the cache at a time, and their sums while they are at hand. */
function packSixteen(b: usize, stride: usize, k: i32, to: usize, sums: usize): void {
  const next = to + (<usize>k << 5);
  const zero = f32x4.splat(0);
  let total0 = zero;
  let total1 = zero;
  let total2 = zero;
  let total3 = zero;
  let offset: usize = 0;
  while (k > 0) {
    const piece = min(k, SUM_DEPTH);
    k -= piece;
    let s0 = zero;
    let s1 = zero;
    let s2 = zero;
    let s3 = zero;
    for (const end = offset + (<usize>piece << 5); offset < end; offset += 32) {
      const x0 = v128.load(b);
      const x1 = v128.load(b, 16);
      const x2 = v128.load(b, 32);
      const x3 = v128.load(b, 48);
      v128.store(to + offset, x0);
      v128.store(to + offset, x1, 16);
      v128.store(next + offset, x2);
      v128.store(next + offset, x3, 16);
      s0 = f32x4.add(s0, x0);
      s1 = f32x4.add(s1, x1);
      s2 = f32x4.add(s2, x2);
      s3 = f32x4.add(s3, x3);
      b += stride;
    }
    total0 = f32x4.add(total0, s0);
    total1 = f32x4.add(total1, s1);
    total2 = f32x4.add(total2, s2);
    total3 = f32x4.add(total3, s3);
  }
  if (sums == 0) return;
  v128.store(sums, total0);
  v128.store(sums, total1, 16);
  v128.store(sums, total2, 32);
  v128.store(sums, total3, 48);
}

/** From [k][n]: pieces of rows, one below the other. */
function packRows(b: usize, stride: usize, k: i32, columns: i32, to: usize): void {
  if (columns == 8) {
    for (; k > 0; k--) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
      b += stride;
      to += 32;
    }
    return;
  }
  const width = columns > 4 ? 8 : 4;
  for (; k > 0; k--) {
    for (let j = 0; j < columns; j++) store<f32>(to + (<usize>j << 2), load<f32>(b + (<usize>j << 2)));
    for (let j = columns; j < width; j++) store<f32>(to + (<usize>j << 2), 0);
    b += stride;
    to += <usize>width << 2;
  }
}

/** From [n][k]: rows become columns. */
function packColumns(b: usize, stride: usize, k: i32, columns: i32, to: usize): void {
  const width = columns > 4 ? 8 : 4;
  if (columns == 8) {
    packFour(b, stride, k, to, 32);
    packFour(b + 4 * stride, stride, k, to + 16, 32);
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < columns; j++) {
      store<f32>(to + (<usize>j << 2), load<f32>(b + <usize>j * stride + (<usize>p << 2)));
    }
    for (let j = columns; j < width; j++) store<f32>(to + (<usize>j << 2), 0);
    to += <usize>width << 2;
  }
}

/** Four rows of [4][k] transposed to [k][4], `pitch` bytes from one k to the next. */
function packFour(b: usize, stride: usize, k: i32, to: usize, pitch: usize): void {
  let b1 = b + stride;
  let b2 = b1 + stride;
  let b3 = b2 + stride;
  for (; k >= 4; k -= 4) {
    const x0 = v128.load(b);
    const x1 = v128.load(b1);
    const x2 = v128.load(b2);
    const x3 = v128.load(b3);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to + pitch, v128.shuffle<i64>(low01, low23, 1, 3));
    to += pitch << 1;
    v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2));
    v128.store(to + pitch, v128.shuffle<i64>(high01, high23, 1, 3));
    to += pitch << 1;
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
  }
  for (; k > 0; k--) {
    store<f32>(to, load<f32>(b));
    store<f32>(to, load<f32>(b1), 4);
    store<f32>(to, load<f32>(b2), 8);
    store<f32>(to, load<f32>(b3), 12);
    to += pitch;
    b += 4;
    b1 += 4;
    b2 += 4;
    b3 += 4;
  }
}

/** Sums of a panel's columns, in ascending k, pieces of SUM_DEPTH by themselves. */
function sumPanel(panel: usize, k: i32, columns: i32, sums: usize): void {
  const wide = columns > 4;
  let total0 = f32x4.splat(0);
  let total1 = f32x4.splat(0);
  while (k > 0) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    const piece = min(k, SUM_DEPTH);
    k -= piece;
    for (let p = 0; p < piece; p++) {
      s0 = f32x4.add(s0, v128.load(panel));
      if (wide) s1 = f32x4.add(s1, v128.load(panel, 16));
      panel += wide ? 32 : 16;
    }
    total0 = f32x4.add(total0, s0);
    total1 = f32x4.add(total1, s1);
  }
  if (columns == 8) {
    v128.store(sums, total0);
    v128.store(sums, total1, 16);
    return;
  }
  for (let j = 0; j < columns; j++) {
    store<f32>(sums, lane(j < 4 ? total0 : total1, j & 3));
    sums += 4;
  }
}

function lane(x: v128, j: i32): f32 {
  if (j == 0) return f32x4.extract_lane(x, 0);
  if (j == 1) return f32x4.extract_lane(x, 1);
  if (j == 2) return f32x4.extract_lane(x, 2);
  return f32x4.extract_lane(x, 3);
}

/** Up to six rows of a, [m][k]. */
export function packSixRows(a: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  const a1 = a + <usize>min(1, rows - 1) * stride;
  const a2 = a + <usize>min(2, rows - 1) * stride;
  const a3 = a + <usize>min(3, rows - 1) * stride;
  const a4 = a + <usize>min(4, rows - 1) * stride;
  const a5 = a + <usize>min(5, rows - 1) * stride;
  let p: usize = 0;
  const whole = <usize>(k & ~3) << 2;
  for (; p < whole; p += 16) {
    const x0 = v128.load(a + p);
    const x1 = v128.load(a1 + p);
    const x2 = v128.load(a2 + p);
    const x3 = v128.load(a3 + p);
    const x4 = v128.load(a4 + p);
    const x5 = v128.load(a5 + p);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    const low45 = v128.shuffle<i32>(x4, x5, 0, 4, 1, 5);
    const high45 = v128.shuffle<i32>(x4, x5, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to, v128.shuffle<i64>(low45, low01, 0, 3), 16);
    v128.store(to, v128.shuffle<i64>(low23, low45, 1, 3), 32);
    v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 48);
    v128.store(to, v128.shuffle<i64>(high45, high01, 0, 3), 64);
    v128.store(to, v128.shuffle<i64>(high23, high45, 1, 3), 80);
    to += 96;
  }
  const end = <usize>k << 2;
  for (; p < end; p += 4) {
    store<f32>(to, load<f32>(a + p));
    store<f32>(to, load<f32>(a1 + p), 4);
    store<f32>(to, load<f32>(a2 + p), 8);
    store<f32>(to, load<f32>(a3 + p), 12);
    store<f32>(to, load<f32>(a4 + p), 16);
    store<f32>(to, load<f32>(a5 + p), 20);
    to += 24;
  }
}

/** Up to six rows of a, which is stored transposed, [k][m]. */
export function packSixColumns(a: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  if (rows == 6) {
    for (; k > 0; k--) {
      v128.store(to, v128.load(a));
      store<u64>(to, load<u64>(a, 16), 16);
      a += stride;
      to += 24;
    }
    return;
  }
  for (; k > 0; k--) {
    for (let r = 0; r < 6; r++) {
      store<f32>(to + (<usize>r << 2), load<f32>(a + (<usize>min(r, rows - 1) << 2)));
    }
    a += stride;
    to += 24;
  }
}

/** Up to four rows of a, [m][k]. */
export function packFourRows(a: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  if (rows == 4) {
    packFour(a, stride, k, to, 16);
    return;
  }
  for (let p: usize = 0; p < <usize>k << 2; p += 4) {
    for (let r = 0; r < 4; r++) {
      store<f32>(to + (<usize>r << 2), load<f32>(a + <usize>min(r, rows - 1) * stride + p));
    }
    to += 16;
  }
}

/** Up to four rows of a, which is stored transposed. */
export function packFourColumns(a: usize, stride: usize, rows: i32, k: i32, to: usize): void {
  for (; k > 0; k--) {
    if (rows == 4) {
      v128.store(to, v128.load(a));
    } else {
      for (let r = 0; r < 4; r++) {
        store<f32>(to + (<usize>r << 2), load<f32>(a + (<usize>min(r, rows - 1) << 2)));
      }
    }
    a += stride;
    to += 16;
  }
}

/** Two panels of six rows of a, which is stored transposed: lines of the cache are looked at once. */
export function packTwelveColumns(a: usize, stride: usize, k: i32, to: usize, next: usize): void {
  for (; k > 0; k--) {
    const x0 = v128.load(a);
    const x1 = v128.load(a, 16);
    const x2 = v128.load(a, 32);
    v128.store(to, x0);
    v128.store64_lane(to, x1, 0, 16);
    v128.store64_lane(next, x1, 1);
    v128.store(next, x2, 8);
    a += stride;
    to += 24;
    next += 24;
  }
}
