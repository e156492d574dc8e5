import { finish } from './epilogue';
import { evaluate } from './evaluate';
import { height, micro44, micro48, micro64, micro68 } from './gemm-micro';
import { packFourColumns, packFourRows, packSixColumns, packSixRows, packTwelveColumns } from './gemm-pack';
import { scratch } from './scratch';
import { at, int } from './words';

/** Room for a tile that is not all of it results, in bytes. */
const EDGE: usize = 192;

/**
 * A tile of a matrix product whose right side has been packed by `gemm_pack`: some rows by some columns.
 * Words: 0 a, 1 packed b, 2 c (0 where an expression stores), 3 m, 4 n (columns packed), 5 k, 6 and 7 bytes
 * between rows of a and c, 8 to 10 bytes between batches of a, packed b and c, 11 whether a is transposed,
 * 12 rows of a tile (of 6), 13 columns of a tile (of 8), 14 and 15 tiles of a batch down and across,
 * 16 how much of k is multiplied at once, 17 the expression, 18 elements of a whole row of the result,
 * 19 the first packed column's place in it, 20 where sums of a's rows over k go, 21 whether the expression is
 * one that `finish` knows.
 */
export function gemm(args: usize, unit: i32, thread: i32): void {
  const m = int(args, 3);
  const n = int(args, 4);
  const k = int(args, 5);
  const down = int(args, 14);
  const across = int(args, 15);
  const batch = unit / (down * across);
  const tile = unit - batch * down * across;
  const row = (tile / across) * int(args, 12);
  const column = (tile % across) * int(args, 13);
  const rows = min(int(args, 12), m - row);
  const columns = min(int(args, 13), n - column);
  const expression = at(args, 17);
  const depth = int(args, 16);

  const edge = scratch(thread);
  const packed = edge + EDGE;
  const panels = (rows + 5) / 6;
  // Without an expression results go where they belong at once.
  let c = at(args, 2) + <usize>batch * at(args, 10) + <usize>row * at(args, 7) + (<usize>column << 2);
  let stride = at(args, 7);
  if (expression != 0) {
    c = packed + <usize>(panels * 6) * (<usize>depth << 2);
    stride = <usize>columns << 2;
  }
  const b = at(args, 1) + <usize>batch * at(args, 9) + (<usize>column * <usize>k << 2);
  const a = at(args, 0) + <usize>batch * at(args, 8);
  const transposed = int(args, 11) != 0;
  const sums = column == 0 ? at(args, 20) : 0;

  // Once also where k is 0: products of nothing are 0.
  for (let from = 0; from == 0 || from < k; from += depth) {
    const piece = min(depth, k - from);
    pack(a, at(args, 6), transposed, row, rows, from, piece, packed);
    if (sums != 0) sumRows(packed, rows, piece, sums + (<usize>row << 2), from > 0);
    multiply(packed, b, k, from, piece, rows, columns, c, stride, from > 0, edge);
  }
  if (expression == 0) return;
  const width = int(args, 18);
  let start = (batch * m + row) * width + int(args, 19) + column;
  if (int(args, 21) != 0) {
    finish(expression, start, (int(args, 19) + column) % width, rows, columns, width, c, stride);
    return;
  }
  if (columns == width) {
    evaluate(expression, start, rows * width, c, thread);
    return;
  }
  for (let i = 0; i < rows; i++) {
    evaluate(expression, start, columns, c, thread);
    start += width;
    c += stride;
  }
}

/** Rows row..row+rows of a, columns from..from+depth, in panels of `height`. */
function pack(
  a: usize, stride: usize, transposed: bool, row: i32, rows: i32, from: i32, depth: i32, to: usize,
): void {
  const first = transposed ? a + <usize>from * stride + (<usize>row << 2) : a + <usize>row * stride + (<usize>from << 2);
  for (let i = 0; i < rows; ) {
    const left = rows - i;
    const high = height(left);
    const count = min(high, left);
    if (transposed) {
      const at = first + (<usize>i << 2);
      if (left == 12 || left >= 17) {
        packTwelveColumns(at, stride, depth, to, to + <usize>depth * 24);
        to += <usize>depth * 48;
        i += 12;
        continue;
      }
      if (high == 6) packSixColumns(at, stride, count, depth, to);
      else packFourColumns(at, stride, count, depth, to);
    } else {
      const at = first + <usize>i * stride;
      if (high == 6) packSixRows(at, stride, count, depth, to);
      else packFourRows(at, stride, count, depth, to);
    }
    to += <usize>depth * (<usize>high << 2);
    i += high;
  }
}

/** Panel after panel of b, each while it is near, with all panels of a. */
function multiply(
  a: usize, b: usize, k: i32, from: i32, depth: i32, rows: i32, columns: i32, c: usize, stride: usize,
  add: bool, edge: usize,
): void {
  for (let j = 0; j < columns; j += 8) {
    const count = min(8, columns - j);
    const wide = count > 4;
    const panel = b + (<usize>j * <usize>k << 2) + (<usize>from << (wide ? 5 : 4));
    let left = a;
    for (let i = 0; i < rows; ) {
      const high = height(rows - i);
      const to = c + <usize>i * stride + (<usize>j << 2);
      if (rows - i >= high && (count & 3) == 0) {
        micro(high, wide, left, panel, depth, to, stride, add);
      } else {
        micro(high, wide, left, panel, depth, edge, 32, false);
        copy(edge, to, stride, min(high, rows - i), count, add);
      }
      left += <usize>depth * (<usize>high << 2);
      i += high;
    }
  }
}

@inline
function micro(high: i32, wide: bool, a: usize, b: usize, k: i32, c: usize, stride: usize, add: bool): void {
  if (high == 6) {
    if (wide) micro68(a, b, k, c, stride, add);
    else micro64(a, b, k, c, stride, add);
  } else {
    if (wide) micro48(a, b, k, c, stride, add);
    else micro44(a, b, k, c, stride, add);
  }
}

/** The part of a tile [6][8] that is results. */
function copy(from: usize, to: usize, stride: usize, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const x = load<f32>(from + (<usize>j << 2));
      const place = to + (<usize>j << 2);
      store<f32>(place, add ? load<f32>(place) + x : x);
    }
    from += 32;
    to += stride;
  }
}

/** Sums over k of packed rows. */
function sumRows(packed: usize, rows: i32, k: i32, sums: usize, add: bool): void {
  for (let i = 0; i < rows; ) {
    const high = height(rows - i);
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    for (let p = 0; p < k; p++) {
      s0 = f32x4.add(s0, v128.load(packed));
      if (high == 6) s1 = f32x4.add(s1, v128.load64_zero(packed, 16));
      packed += <usize>high << 2;
    }
    const count = min(high, rows - i);
    put(sums, f32x4.extract_lane(s0, 0), add);
    if (count > 1) put(sums + 4, f32x4.extract_lane(s0, 1), add);
    if (count > 2) put(sums + 8, f32x4.extract_lane(s0, 2), add);
    if (count > 3) put(sums + 12, f32x4.extract_lane(s0, 3), add);
    if (count > 4) put(sums + 16, f32x4.extract_lane(s1, 0), add);
    if (count > 5) put(sums + 20, f32x4.extract_lane(s1, 1), add);
    sums += <usize>high << 2;
    i += high;
  }
}

function put(to: usize, x: f32, add: bool): void {
  store<f32>(to, add ? load<f32>(to) + x : x);
}
