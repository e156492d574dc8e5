/**
 * Functions of four floats at once. Not a number stays not a number, infinities go where mathematics sends
 * them. Errors are bounded in math.test.ts against float64, for fused and for separate multiply-add.
 */

/** a * b + c, rounded once where the module has relaxed SIMD and the processor a fused multiply-add. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b, rounded as `madd`. */
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Lanes of a where `mask` is all ones, of b where it is all zeros: one instruction where there is relaxed SIMD. */
@inline
export function lanes(a: v128, b: v128, mask: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, mask);
  return v128.bitselect(a, b, mask);
}

/** The four added up, in a fixed order. */
@inline
export function sum4(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest of the four; not a number where one of them is. */
@inline
export function max4(x: v128): f32 {
  const pairs = f32x4.max(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/*
 * Constants lie in memory and are loaded into all four lanes: one instruction, where a splat of a number is
 * three, and in every round of a loop, since engines do not move it out of there (bench/NOTES.md).
 */

export const ONE: usize = memory.data<f32>([1]);
const HALF: usize = memory.data<f32>([0.5]);
const TWO: usize = memory.data<f32>([2]);
const MINUS_ZERO: usize = memory.data<f32>([-0.0]);
// Added to a float below 2^22, its lowest bits are the nearest whole number.
export const ROUND: usize = memory.data<f32>([12582912]);
export const LOG2_E: usize = memory.data<f32>([1.44269504]);
// ln 2 in two parts, the first with so few bits that a multiple of it is exact (Cody and Waite).
const LN2_HIGH: usize = memory.data<f32>([0.693359375]);
const LN2_LOW: usize = memory.data<f32>([-2.12194440e-4]);
/** What is added to an exponent in a float's bits. */
const BIAS: usize = memory.data<i32>([127]);

@inline
export function four(constant: usize): v128 {
  return v128.load32_splat(constant);
}

/** The i-th of several. */
@inline
export function nth(constants: usize, i: usize): v128 {
  return v128.load32_splat(constants + (i << 2));
}

/** Least and most of `exp`, least of `expNegative`. */
const RANGE: usize = memory.data<f32>([-104, 89, -87]);
const EXP: usize = memory.data<f32>([
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
]);

/** e^r for |r| <= ln(2) / 2: the polynomial of Cephes' expf. */
@inline
function expReduced(r: v128): v128 {
  let p = madd(nth(EXP, 0), r, nth(EXP, 1));
  p = madd(p, r, nth(EXP, 2));
  p = madd(p, r, nth(EXP, 3));
  p = madd(p, r, nth(EXP, 4));
  p = madd(p, r, nth(EXP, 5));
  return f32x4.add(madd(p, f32x4.mul(r, r), r), four(ONE));
}

/** e^x. Relative error below 2e-7 where the result is a normal number. */
@inline
export function exp(x: v128): v128 {
  // pmin and pmax return their first argument where it is not a number.
  const bounded = f32x4.pmin(f32x4.pmax(x, nth(RANGE, 0)), nth(RANGE, 1));
  const shifted = madd(bounded, four(LOG2_E), four(ROUND));
  const n = f32x4.sub(shifted, four(ROUND));
  const r = nmadd(n, four(LN2_LOW), nmadd(n, four(LN2_HIGH), bounded));
  // 2^n in two factors, either of them a normal number.
  const whole = i32x4.sub(shifted, four(ROUND));
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.shl(i32x4.add(half, four(BIAS)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), four(BIAS)), 23);
  return f32x4.mul(f32x4.mul(expReduced(r), first), second);
}

/** e^x for x <= 0 or not a number; 0 below -87. Relative error below 2e-7 above. */
@inline
export function expNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, nth(RANGE, 2));
  const shifted = madd(bounded, four(LOG2_E), four(ROUND));
  const n = f32x4.sub(shifted, four(ROUND));
  const r = nmadd(n, four(LN2_LOW), nmadd(n, four(LN2_HIGH), bounded));
  const power = i32x4.shl(i32x4.add(i32x4.sub(shifted, four(ROUND)), four(BIAS)), 23);
  return v128.andnot(f32x4.mul(expReduced(r), power), f32x4.lt(x, nth(RANGE, 2)));
}

const LOG: usize = memory.data<f32>([
  7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
]);
/** The least normal number, what makes those below normal, and its logarithm to base 2. */
const TINY: usize = memory.data<f32>([1.17549435e-38, 8388608, 23]);
/** The bits of sqrt(1/2), and those of a mantissa. */
const MANTISSA: usize = memory.data<i32>([0x3f3504f3, 0x007fffff]);

/** The natural logarithm, the polynomial of Cephes' logf: -infinity at 0, not a number below. */
@inline
export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, nth(TINY, 0));
  const scaled = v128.bitselect(f32x4.mul(x, nth(TINY, 1)), x, tiny);
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2))
  const bits = i32x4.sub(scaled, nth(MANTISSA, 0));
  const e = i32x4.shr_s(bits, 23);
  const m = i32x4.add(v128.and(bits, nth(MANTISSA, 1)), nth(MANTISSA, 0));
  const exponent = f32x4.sub(
    f32x4.convert_i32x4_s(e),
    v128.and(tiny, nth(TINY, 2)),
  );
  const f = f32x4.sub(m, four(ONE));
  const square = f32x4.mul(f, f);
  let p = madd(nth(LOG, 0), f, nth(LOG, 1));
  p = madd(p, f, nth(LOG, 2));
  p = madd(p, f, nth(LOG, 3));
  p = madd(p, f, nth(LOG, 4));
  p = madd(p, f, nth(LOG, 5));
  p = madd(p, f, nth(LOG, 6));
  p = madd(p, f, nth(LOG, 7));
  p = madd(p, f, nth(LOG, 8));
  let y = f32x4.mul(f32x4.mul(p, square), f);
  y = madd(exponent, four(LN2_LOW), y);
  y = nmadd(four(HALF), square, y);
  y = madd(exponent, four(LN2_HIGH), f32x4.add(f, y));
  // infinity and not a number as they are, -infinity for 0, not a number below
  const finite = f32x4.lt(x, f32x4.splat(f32.MAX_VALUE * 2));
  y = v128.bitselect(y, x, finite);
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(y, f32x4.lt(x, f32x4.splat(0)));
}

/** 1 / (1 + e^-x) */
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(four(ONE), f32x4.add(four(ONE), exp(f32x4.neg(x))));
}

/** The polynomial, and up to where it is used. */
const TANH: usize = memory.data<f32>([
  -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1, 0.625,
]);

/** Cephes' tanhf: a polynomial near 0, else 1 - 2 / (e^(2|x|) + 1). */
@inline
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const large = f32x4.sub(
    four(ONE),
    f32x4.div(four(TWO), f32x4.add(exp(f32x4.add(size, size)), four(ONE))),
  );
  const square = f32x4.mul(x, x);
  let p = madd(nth(TANH, 0), square, nth(TANH, 1));
  p = madd(p, square, nth(TANH, 2));
  p = madd(p, square, nth(TANH, 3));
  p = madd(p, square, nth(TANH, 4));
  const small = f32x4.mul(x, madd(p, square, four(ONE)));
  const signed = v128.or(large, v128.and(x, four(MINUS_ZERO)));
  return v128.bitselect(small, signed, f32x4.lt(size, nth(TANH, 5)));
}
