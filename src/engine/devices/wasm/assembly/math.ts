/**
 * Functions of four floats at once. Not a number stays not a number, infinities go where mathematics sends
 * them. Errors are bounded in math.test.ts against float64, for fused and for separate multiply-add.
 */

/** a * b + c, rounded once where the module has relaxed SIMD and the processor a fused multiply-add. */
// @ts-expect-error: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b, rounded as `madd`. */
// @ts-expect-error: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** The four added up, in a fixed order. */
// @ts-expect-error: decorator
@inline
export function sum4(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest of the four; not a number where one of them is. */
// @ts-expect-error: decorator
@inline
export function max4(x: v128): f32 {
  const pairs = f32x4.max(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

// Added to a float below 2^22, its lowest bits are the nearest whole number.
const ROUND: f32 = 12582912;
const LOG2_E: f32 = 1.44269504;
// ln 2 in two parts, the first with so few bits that a multiple of it is exact (Cody and Waite).
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

/** e^r for |r| <= ln(2) / 2: the polynomial of Cephes' expf. */
// @ts-expect-error: decorator
@inline
function expReduced(r: v128): v128 {
  let p = madd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  return f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
}

/** e^x. Relative error below 2e-7 where the result is a normal number. */
export function exp(x: v128): v128 {
  // pmin and pmax return their first argument where it is not a number.
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89));
  const shifted = madd(bounded, f32x4.splat(LOG2_E), f32x4.splat(ROUND));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND));
  const r = nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), bounded));
  // 2^n in two factors, either of them a normal number.
  const whole = i32x4.sub(shifted, f32x4.splat(ROUND));
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23);
  return f32x4.mul(f32x4.mul(expReduced(r), first), second);
}

/** e^x for x <= 0 or not a number; 0 below -87. Relative error below 2e-7 above. */
// @ts-expect-error: decorator
@inline
export function expNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, f32x4.splat(-87));
  const shifted = madd(bounded, f32x4.splat(LOG2_E), f32x4.splat(ROUND));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND));
  const r = nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), bounded));
  const power = i32x4.shl(i32x4.add(i32x4.sub(shifted, f32x4.splat(ROUND)), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(expReduced(r), power), f32x4.lt(x, f32x4.splat(-87)));
}

/** The natural logarithm, the polynomial of Cephes' logf: -infinity at 0, not a number below. */
export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2))
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const e = i32x4.shr_s(bits, 23);
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const exponent = f32x4.sub(
    f32x4.convert_i32x4_s(e),
    v128.and(tiny, f32x4.splat(23)),
  );
  const f = f32x4.sub(m, f32x4.splat(1));
  const square = f32x4.mul(f, f);
  let p = madd(f32x4.splat(7.0376836292e-2), f, f32x4.splat(-1.1514610310e-1));
  p = madd(p, f, f32x4.splat(1.1676998740e-1));
  p = madd(p, f, f32x4.splat(-1.2420140846e-1));
  p = madd(p, f, f32x4.splat(1.4249322787e-1));
  p = madd(p, f, f32x4.splat(-1.6668057665e-1));
  p = madd(p, f, f32x4.splat(2.0000714765e-1));
  p = madd(p, f, f32x4.splat(-2.4999993993e-1));
  p = madd(p, f, f32x4.splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, square), f);
  y = madd(exponent, f32x4.splat(LN2_LOW), y);
  y = nmadd(f32x4.splat(0.5), square, y);
  y = madd(exponent, f32x4.splat(LN2_HIGH), f32x4.add(f, y));
  // infinity and not a number as they are, -infinity for 0, not a number below
  const finite = f32x4.lt(x, f32x4.splat(f32.MAX_VALUE * 2));
  y = v128.bitselect(y, x, finite);
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(y, f32x4.lt(x, f32x4.splat(0)));
}

/** 1 / (1 + e^-x) */
// @ts-expect-error: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))));
}

/** Cephes' tanhf: a polynomial near 0, else 1 - 2 / (e^(2|x|) + 1). */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const large = f32x4.sub(
    f32x4.splat(1),
    f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(size, size)), f32x4.splat(1))),
  );
  const square = f32x4.mul(x, x);
  let p = madd(f32x4.splat(-5.70498872745e-3), square, f32x4.splat(2.06390887954e-2));
  p = madd(p, square, f32x4.splat(-5.37397155531e-2));
  p = madd(p, square, f32x4.splat(1.33314422036e-1));
  p = madd(p, square, f32x4.splat(-3.33332819422e-1));
  const small = f32x4.mul(x, madd(p, square, f32x4.splat(1)));
  const signed = v128.or(large, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(small, signed, f32x4.lt(size, f32x4.splat(0.625)));
}

/** e^(-x^2/2), which `normal` and the density of the normal distribution share. */
// @ts-expect-error: decorator
@inline
function bell(x: v128): v128 {
  return expNegative(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

/**
 * Phi(x), the normal distribution function. The tail beyond |x| is e^(-x^2/2) times a polynomial in
 * 1 / (1 + .35 |x|), fitted to relative errors of 3.2e-8 up to 14.5: small results keep their digits.
 */
// @ts-expect-error: decorator
@inline
function normal(x: v128, bell: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, madd(f32x4.abs(x), f32x4.splat(0.35), one));
  let p = madd(f32x4.splat(-0.02915788573), t, f32x4.splat(0.14403091929));
  p = madd(p, t, f32x4.splat(-0.25583900304));
  p = madd(p, t, f32x4.splat(0.15931969396));
  p = madd(p, t, f32x4.splat(-0.02321235213));
  p = madd(p, t, f32x4.splat(0.1055525015));
  p = madd(p, t, f32x4.splat(0.11982128792));
  p = madd(p, t, f32x4.splat(0.13986351541));
  p = madd(p, t, f32x4.splat(0.13962130684));
  const tail = f32x4.mul(f32x4.mul(p, t), bell);
  return v128.bitselect(f32x4.sub(one, tail), tail, f32x4.ge(x, f32x4.splat(0)));
}

/** x * Phi(x) */
export function gelu(x: v128): v128 {
  return f32x4.mul(x, normal(x, bell(x)));
}

/** The derivative: Phi(x) + x * e^(-x^2/2) / sqrt(2 pi). */
export function geluDerivative(x: v128): v128 {
  const density = bell(x);
  return madd(f32x4.mul(x, density), f32x4.splat(0.3989422804), normal(x, density));
}

const SQRT_2_PI_TWICE: f32 = 1.5957691216;
const CUBE: f32 = 0.044715;

/** 2 sqrt(2 / pi) (x + .044715 x^3): (1 + tanh) / 2 of half of it is its sigmoid. */
// @ts-expect-error: decorator
@inline
function bent(x: v128): v128 {
  const slope = f32x4.splat(SQRT_2_PI_TWICE);
  return f32x4.mul(x, madd(f32x4.mul(x, x), f32x4.splat(SQRT_2_PI_TWICE * CUBE), slope));
}

/** x sigmoid(bent(x)) */
export function geluNew(x: v128): v128 {
  return f32x4.mul(x, sigmoid(bent(x)));
}

/** The derivative: s + x s (1 - s) bent'(x) */
export function geluNewDerivative(x: v128): v128 {
  const slope = madd(
    f32x4.mul(x, x),
    f32x4.splat(SQRT_2_PI_TWICE * 3 * CUBE),
    f32x4.splat(SQRT_2_PI_TWICE),
  );
  return sloped(bent(x), f32x4.mul(x, slope));
}

/** x sigmoid(x) */
export function silu(x: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))));
}

/** The derivative: s + x s (1 - s) */
export function siluDerivative(x: v128): v128 {
  return sloped(x, x);
}

/** s (1 + slope (1 - s)) with s = sigmoid(x); 1 - s is e^-x s, which keeps its digits. */
// @ts-expect-error: decorator
@inline
function sloped(x: v128, slope: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp(f32x4.neg(f32x4.pmax(x, f32x4.splat(-80))));
  const s = f32x4.div(one, f32x4.add(one, e));
  return f32x4.mul(s, madd(slope, f32x4.mul(e, s), one));
}
