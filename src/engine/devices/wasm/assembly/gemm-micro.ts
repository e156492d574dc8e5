import { madd } from './math';

/*
 * The innermost loops of a matrix product: six rows of a times eight (or four) columns of b, the results
 * in registers. 12 accumulators, two vectors of b and one of a are the 15 registers that V8 has for SIMD on
 * x64; at two loads and two multiply-adds a cycle the arithmetic is what limits. Loops are not unrolled: the
 * processor takes the counting along for nothing, and V8 keeps all of it in registers.
 *
 * Four rows are slower, and faster than six of which two are for nothing.
 *
 * a is packed as [k][6] or [k][4], b as [k][8] or [k][4]. Each element is summed in ascending k, whatever tile it is in.
 */

/** How many of the rows that are left the next panel of a takes: six, or four where two would be for nothing. */
@inline
export function height(left: i32): i32 {
  return left < 5 || left == 7 || left == 8 ? 4 : 6;
}

@inline
function put(c: usize, x: v128, add: bool): void {
  v128.store(c, add ? f32x4.add(v128.load(c), x) : x);
}

/** c[6][8] = a b, or += where `add`; `stride` bytes from one row of c to the next. */
export function micro68(a: usize, b: usize, k: i32, c: usize, stride: usize, add: bool): void {
  let c00 = f32x4.splat(0); let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0); let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0); let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0); let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0); let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0); let c51 = f32x4.splat(0);
  if (ASC_FEATURE_RELAXED_SIMD) {
    for (; k > 0; k--) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const a0 = v128.load32_splat(a);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(a, 4);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(a, 8);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(a, 12);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      const a4 = v128.load32_splat(a, 16);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      const a5 = v128.load32_splat(a, 20);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      a += 24;
      b += 32;
    }
  } else {
    // A product needs a register of its own before it is added: one column of b at a time leaves one free.
    for (; k > 0; k--) {
      const b0 = v128.load(b);
      c00 = madd(v128.load32_splat(a), b0, c00);
      c10 = madd(v128.load32_splat(a, 4), b0, c10);
      c20 = madd(v128.load32_splat(a, 8), b0, c20);
      c30 = madd(v128.load32_splat(a, 12), b0, c30);
      c40 = madd(v128.load32_splat(a, 16), b0, c40);
      c50 = madd(v128.load32_splat(a, 20), b0, c50);
      const b1 = v128.load(b, 16);
      c01 = madd(v128.load32_splat(a), b1, c01);
      c11 = madd(v128.load32_splat(a, 4), b1, c11);
      c21 = madd(v128.load32_splat(a, 8), b1, c21);
      c31 = madd(v128.load32_splat(a, 12), b1, c31);
      c41 = madd(v128.load32_splat(a, 16), b1, c41);
      c51 = madd(v128.load32_splat(a, 20), b1, c51);
      a += 24;
      b += 32;
    }
  }
  put(c, c00, add);
  put(c + 16, c01, add);
  c += stride;
  put(c, c10, add);
  put(c + 16, c11, add);
  c += stride;
  put(c, c20, add);
  put(c + 16, c21, add);
  c += stride;
  put(c, c30, add);
  put(c + 16, c31, add);
  c += stride;
  put(c, c40, add);
  put(c + 16, c41, add);
  c += stride;
  put(c, c50, add);
  put(c + 16, c51, add);
}

/**
 * c[rows][8] = a b, or += where `add`, with all of a's rows: panels of `height`, [all][6] or [all][4], of which k
 * from `first` on are multiplied. c has room for up to three rows more.
 */
export function microAll(
  a: usize, rows: i32, all: i32, first: i32, b: usize, k: i32, c: usize, add: bool,
): void {
  while (rows > 0) {
    const high = height(rows);
    const row = <usize>high << 2;
    if (high == 6) micro68(a + <usize>first * row, b, k, c, 32, add);
    else micro48(a + <usize>first * row, b, k, c, 32, add);
    a += <usize>all * row;
    c += row << 3;
    rows -= high;
  }
}

/** As `micro68`, for four columns. */
export function micro64(a: usize, b: usize, k: i32, c: usize, stride: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    const a4 = v128.load32_splat(a, 16);
    c40 = madd(a4, b0, c40);
    const a5 = v128.load32_splat(a, 20);
    c50 = madd(a5, b0, c50);
    a += 24;
    b += 16;
  }
  put(c, c00, add);
  c += stride;
  put(c, c10, add);
  c += stride;
  put(c, c20, add);
  c += stride;
  put(c, c30, add);
  c += stride;
  put(c, c40, add);
  c += stride;
  put(c, c50, add);
}

/** c[4][8], from a packed as [k][4]. */
export function micro48(a: usize, b: usize, k: i32, c: usize, stride: usize, add: bool): void {
  let c00 = f32x4.splat(0); let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0); let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0); let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0); let c31 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += 16;
    b += 32;
  }
  put(c, c00, add);
  put(c + 16, c01, add);
  c += stride;
  put(c, c10, add);
  put(c + 16, c11, add);
  c += stride;
  put(c, c20, add);
  put(c + 16, c21, add);
  c += stride;
  put(c, c30, add);
  put(c + 16, c31, add);
}

/** c[4][4]. */
export function micro44(a: usize, b: usize, k: i32, c: usize, stride: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    c00 = madd(v128.load32_splat(a), b0, c00);
    c10 = madd(v128.load32_splat(a, 4), b0, c10);
    c20 = madd(v128.load32_splat(a, 8), b0, c20);
    c30 = madd(v128.load32_splat(a, 12), b0, c30);
    a += 16;
    b += 16;
  }
  put(c, c00, add);
  c += stride;
  put(c, c10, add);
  c += stride;
  put(c, c20, add);
  c += stride;
  put(c, c30, add);
}
