import { at, int } from './words';

/**
 * Sums of squares, a chunk each. Squares and sums are in f64: gradients may be so small or so large that
 * their squares are no f32.
 *
 * (table of units: x, elements, where the sums go; elements of a chunk)
 */
export function sum_squares_part(args: usize, unit: i32, thread: i32): void {
  const entry = at(args, 0) + <usize>unit * 12;
  let x = at(entry, 0);
  let to = at(entry, 2);
  const chunk = int(args, 1);
  for (let rest = int(entry, 1); rest > 0; rest -= chunk, to += 4) {
    const n = min(chunk, rest);
    store<f32>(to, <f32>squares(x, n));
    x += <usize>n << 2;
  }
}

function squares(x: usize, n: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; n >= 8; n -= 8, x += 32) {
    const p = f64x2.promote_low_f32x4(v128.load64_zero(x));
    const q = f64x2.promote_low_f32x4(v128.load64_zero(x, 8));
    const r = f64x2.promote_low_f32x4(v128.load64_zero(x, 16));
    const s = f64x2.promote_low_f32x4(v128.load64_zero(x, 24));
    a = f64x2.add(a, f64x2.mul(p, p));
    b = f64x2.add(b, f64x2.mul(q, q));
    c = f64x2.add(c, f64x2.mul(r, r));
    d = f64x2.add(d, f64x2.mul(s, s));
  }
  const all = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  let sum = f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
  for (; n > 0; n--, x += 4) {
    const value = <f64>load<f32>(x);
    sum += value * value;
  }
  return sum;
}
