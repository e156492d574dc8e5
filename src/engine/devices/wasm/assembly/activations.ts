import { four, lanes, madd, nth, ONE, ROUND } from './math';

/*
 * Activations and their derivatives. Not a number stays not a number, since each result is a product with x
 * or has one in it. Their errors are bounded absolutely near 0 and relatively beyond (math.test.ts).
 */

/** Least and most of `power`, the most that `sloped` gives it, the most that `sigmoidBoth` takes of it. */
const RANGE: usize = memory.data<f32>([-127, 128, 115, 1e38]);
/** 2^f for |f| <= 1/2, but for the 1: fitted to relative errors of 2e-9. */
const POWER: usize = memory.data<f32>([
  0.00015353361, 0.00133988744, 0.00961843735, 0.05550332471, 0.24022647913, 0.69314720285,
]);

/**
 * 2^t: 0 and infinity from -127 and 128 on, and between them right but for what t itself has lost: below 1e-7
 * where the result is near 1, below 1e-5 anywhere. For what is added to 1 or is small beside it.
 */
@inline
function power(t: v128): v128 {
  return powerNegative(f32x4.pmin(t, nth(RANGE, 1)));
}

/** As `power`, for t that is not above 0 or whose result nobody looks at. */
@inline
export function powerNegative(t: v128): v128 {
  const bounded = f32x4.pmax(t, nth(RANGE, 0));
  const shifted = f32x4.add(bounded, four(ROUND));
  const f = f32x4.sub(bounded, f32x4.sub(shifted, four(ROUND)));
  let p = madd(nth(POWER, 0), f, nth(POWER, 1));
  p = madd(p, f, nth(POWER, 2));
  p = madd(p, f, nth(POWER, 3));
  p = madd(p, f, nth(POWER, 4));
  p = madd(p, f, nth(POWER, 5));
  p = madd(p, f, four(ONE));
  // The whole part goes into the exponent's bits.
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** -log2(e) / 2 and, of `normal`, the polynomial and the factor in what it is one in. */
const BELL: usize = memory.data<f32>([-0.72134752]);
const TAIL: usize = memory.data<f32>([
  -0.02915788573, 0.14403091929, -0.25583900304, 0.15931969396, -0.02321235213, 0.1055525015, 0.11982128792,
  0.13986351541, 0.13962130684, 0.35,
]);

/** e^(-x^2/2), which `normal` and the density of the normal distribution share. */
@inline
function bell(x: v128): v128 {
  return powerNegative(f32x4.mul(f32x4.mul(x, x), four(BELL)));
}

/**
 * Phi(x), the normal distribution function. The tail beyond |x| is e^(-x^2/2) times a polynomial in
 * 1 / (1 + .35 |x|), fitted to relative errors of 3.2e-8 up to 14.5: small results keep their digits.
 */
@inline
function normal(x: v128, bell: v128): v128 {
  const one = four(ONE);
  const t = f32x4.div(one, madd(f32x4.abs(x), nth(TAIL, 9), one));
  let p = madd(nth(TAIL, 0), t, nth(TAIL, 1));
  p = madd(p, t, nth(TAIL, 2));
  p = madd(p, t, nth(TAIL, 3));
  p = madd(p, t, nth(TAIL, 4));
  p = madd(p, t, nth(TAIL, 5));
  p = madd(p, t, nth(TAIL, 6));
  p = madd(p, t, nth(TAIL, 7));
  p = madd(p, t, nth(TAIL, 8));
  const tail = f32x4.mul(f32x4.mul(p, t), bell);
  return lanes(f32x4.sub(one, tail), tail, f32x4.ge(x, f32x4.splat(0)));
}

/** x * Phi(x) */
@inline
export function gelu(x: v128): v128 {
  return f32x4.mul(x, normal(x, bell(x)));
}

const DENSITY: usize = memory.data<f32>([0.3989422804]);

/** The derivative: Phi(x) + x * e^(-x^2/2) / sqrt(2 pi). */
@inline
export function geluDerivative(x: v128): v128 {
  const density = bell(x);
  return madd(f32x4.mul(x, density), four(DENSITY), normal(x, density));
}

/**
 * Of two vectors the derivatives go to `slope` and the results to `value`: what both need is computed once, and
 * each constant is loaded once.
 */
@inline
export function geluBoth(x0: v128, x1: v128, slope: usize, value: usize): void {
  let c = four(BELL);
  const t0 = f32x4.mul(f32x4.mul(x0, x0), c);
  const t1 = f32x4.mul(f32x4.mul(x1, x1), c);
  c = nth(RANGE, 0);
  const bounded0 = f32x4.pmax(t0, c);
  const bounded1 = f32x4.pmax(t1, c);
  c = four(ROUND);
  const shifted0 = f32x4.add(bounded0, c);
  const shifted1 = f32x4.add(bounded1, c);
  const f0 = f32x4.sub(bounded0, f32x4.sub(shifted0, c));
  const f1 = f32x4.sub(bounded1, f32x4.sub(shifted1, c));
  c = nth(POWER, 0);
  let p0 = c;
  let p1 = c;
  c = nth(POWER, 1);
  p0 = madd(p0, f0, c);
  p1 = madd(p1, f1, c);
  c = nth(POWER, 2);
  p0 = madd(p0, f0, c);
  p1 = madd(p1, f1, c);
  c = nth(POWER, 3);
  p0 = madd(p0, f0, c);
  p1 = madd(p1, f1, c);
  c = nth(POWER, 4);
  p0 = madd(p0, f0, c);
  p1 = madd(p1, f1, c);
  c = nth(POWER, 5);
  p0 = madd(p0, f0, c);
  p1 = madd(p1, f1, c);
  const one = four(ONE);
  const bell0 = i32x4.add(madd(p0, f0, one), i32x4.shl(shifted0, 23));
  const bell1 = i32x4.add(madd(p1, f1, one), i32x4.shl(shifted1, 23));
  c = nth(TAIL, 9);
  const r0 = f32x4.div(one, madd(f32x4.abs(x0), c, one));
  const r1 = f32x4.div(one, madd(f32x4.abs(x1), c, one));
  c = nth(TAIL, 0);
  p0 = c;
  p1 = c;
  c = nth(TAIL, 1);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 2);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 3);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 4);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 5);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 6);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 7);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  c = nth(TAIL, 8);
  p0 = madd(p0, r0, c);
  p1 = madd(p1, r1, c);
  const tail0 = f32x4.mul(f32x4.mul(p0, r0), bell0);
  const tail1 = f32x4.mul(f32x4.mul(p1, r1), bell1);
  const zero = f32x4.splat(0);
  const share0 = lanes(f32x4.sub(four(ONE), tail0), tail0, f32x4.ge(x0, zero));
  const share1 = lanes(f32x4.sub(four(ONE), tail1), tail1, f32x4.ge(x1, zero));
  c = four(DENSITY);
  v128.store(value, f32x4.mul(x0, share0));
  v128.store(value, f32x4.mul(x1, share1), 16);
  v128.store(slope, madd(f32x4.mul(x0, bell0), c, share0));
  v128.store(slope, madd(f32x4.mul(x1, bell1), c, share1), 16);
}

/** -log2(e) times 2 sqrt(2 / pi), and that times .044715. */
const BENT: usize = memory.data<f32>([-2.3022082, -0.10294324]);
/** 2 sqrt(2 / pi), and that times 3 * .044715. */
const SLOPE: usize = memory.data<f32>([1.5957691216, 0.2140644488]);

/** -log2(e) bent(x), where (1 + tanh) / 2 of half of bent(x) = 2 sqrt(2 / pi) (x + .044715 x^3) is its sigmoid. */
@inline
function bent(x: v128): v128 {
  return f32x4.mul(x, madd(f32x4.mul(x, x), nth(BENT, 1), nth(BENT, 0)));
}

/** x sigmoid(bent(x)) */
@inline
export function geluNew(x: v128): v128 {
  return f32x4.div(x, f32x4.add(four(ONE), power(bent(x))));
}

/** The derivative: s + x s (1 - s) bent'(x) */
@inline
export function geluNewDerivative(x: v128): v128 {
  const slope = madd(f32x4.mul(x, x), nth(SLOPE, 1), nth(SLOPE, 0));
  return sloped(bent(x), f32x4.mul(x, slope));
}

/** As `geluBoth`. */
@inline
export function geluNewBoth(x0: v128, x1: v128, slope: usize, value: usize): void {
  const steep0 = madd(f32x4.mul(x0, x0), nth(SLOPE, 1), nth(SLOPE, 0));
  const steep1 = madd(f32x4.mul(x1, x1), nth(SLOPE, 1), nth(SLOPE, 0));
  sigmoidBoth(x0, bent(x0), f32x4.mul(x0, steep0), slope, value);
  sigmoidBoth(x1, bent(x1), f32x4.mul(x1, steep1), slope + 16, value + 16);
}

/** -log2(e) */
const LOG2: usize = memory.data<f32>([-1.44269504]);

/** x sigmoid(x) */
@inline
export function silu(x: v128): v128 {
  return f32x4.div(x, f32x4.add(four(ONE), power(f32x4.mul(x, four(LOG2)))));
}

/** The derivative: s + x s (1 - s) */
@inline
export function siluDerivative(x: v128): v128 {
  return sloped(f32x4.mul(x, four(LOG2)), x);
}

/** As `geluBoth`. */
@inline
export function siluBoth(x0: v128, x1: v128, slope: usize, value: usize): void {
  sigmoidBoth(x0, f32x4.mul(x0, four(LOG2)), x0, slope, value);
  sigmoidBoth(x1, f32x4.mul(x1, four(LOG2)), x1, slope + 16, value + 16);
}

/** x s to `value` and s (1 + steep (1 - s)) to `slope`, with s = 1 / (1 + 2^t). */
@inline
function sigmoidBoth(x: v128, t: v128, steep: v128, slope: usize, value: usize): void {
  const one = four(ONE);
  const e = power(t);
  const s = f32x4.div(one, f32x4.add(one, e));
  v128.store(value, f32x4.mul(x, s));
  // Where 2^t is infinite, s is 0, and so is the slope.
  const rest = f32x4.mul(f32x4.pmin(e, nth(RANGE, 3)), s);
  v128.store(slope, f32x4.mul(s, madd(steep, rest, one)));
}

/** s (1 + slope (1 - s)) with s = 1 / (1 + 2^t); 1 - s is 2^t s, which keeps its digits. */
@inline
function sloped(t: v128, slope: v128): v128 {
  const one = four(ONE);
  const e = power(f32x4.pmin(t, nth(RANGE, 2)));
  const s = f32x4.div(one, f32x4.add(one, e));
  return f32x4.mul(s, madd(slope, f32x4.mul(e, s), one));
}
