import { max4, sum4 } from './math';

/** Sums and maxima of consecutive floats, for kernels that work on rows. The order depends on the length alone. */

/** Elements that are added up in f32 before the sum goes on in f64. */
const BLOCK: i32 = 512;

export function sumOf(x: usize, n: i32): f64 {
  let total: f64 = 0;
  while (n > 0) {
    const part = min(n, BLOCK);
    total += <f64>sumBlock(x, part);
    x += <usize>part << 2;
    n -= part;
  }
  return total;
}

function sumBlock(x: usize, n: i32): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  for (; n >= 16; n -= 16, x += 64) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
  }
  for (; n >= 4; n -= 4, x += 16) a = f32x4.add(a, v128.load(x));
  let sum = sum4(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; n > 0; n--, x += 4) sum += load<f32>(x);
  return sum;
}

/** The sum of (x - mean)^2. */
export function squaresAround(x: usize, n: i32, mean: f32): f32 {
  const centre = f32x4.splat(mean);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (; n >= 8; n -= 8, x += 32) {
    const p = f32x4.sub(v128.load(x), centre);
    const q = f32x4.sub(v128.load(x, 16), centre);
    a = f32x4.add(a, f32x4.mul(p, p));
    b = f32x4.add(b, f32x4.mul(q, q));
  }
  let sum = sum4(f32x4.add(a, b));
  for (; n > 0; n--, x += 4) {
    const difference = load<f32>(x) - mean;
    sum += difference * difference;
  }
  return sum;
}

/** Not a number where one of them is. */
export function maxOf(x: usize, n: i32): f32 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  for (; n >= 8; n -= 8, x += 32) {
    a = f32x4.max(a, v128.load(x));
    b = f32x4.max(b, v128.load(x, 16));
  }
  let most = max4(f32x4.max(a, b));
  for (; n > 0; n--, x += 4) most = max(most, load<f32>(x));
  return most;
}
