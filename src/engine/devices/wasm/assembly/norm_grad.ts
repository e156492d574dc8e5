import { madd, sum4 } from './math';
import { squaresAround, sumOf } from './rows';
import { at, float, int } from './words';

/**
 * Gradients of layer_norm and rms_norm. With n = (x - mean) * inverse and h = dy * weight:
 * dx = inverse * (h - mean(h) - n * mean(h * n)), without the middle term in RMSNorm, where mean is 0;
 * dweight = sum of dy * n over rows, dbias = sum of dy. A unit is a chunk of rows; it leaves its part of
 * the sums over rows for `reduce_part` to add up.
 *
 * (x, weight, dy, residual or 0, dx or 0, parts of dweight or 0, parts of dbias or 0, rows, width,
 * epsilon, rows of a unit, is it layer_norm)
 */
export function norm_grad(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 8);
  const size = int(args, 10);
  const bytes = <usize>width << 2;
  const weight = at(args, 1);
  const first = unit * size;
  const end = min(int(args, 7), first + size);
  const centred = int(args, 11) != 0;
  let dweight = at(args, 5);
  let dbias = at(args, 6);
  if (dweight != 0) {
    dweight += <usize>unit * bytes;
    memory.fill(dweight, 0, bytes);
  }
  if (dbias != 0) {
    dbias += <usize>unit * bytes;
    memory.fill(dbias, 0, bytes);
  }
  for (let row = first; row < end; row++) {
    const offset = <usize>row * bytes;
    const x = at(args, 0) + offset;
    const dy = at(args, 2) + offset;
    const mean = centred ? <f32>(sumOf(x, width) / <f64>width) : 0;
    const inverse = <f32>1 / sqrt<f32>(squaresAround(x, width, mean) / <f32>width + float(args, 9));
    if (at(args, 4) != 0) {
      const residual: usize = at(args, 3) == 0 ? 0 : at(args, 3) + offset;
      gradX(x, weight, dy, residual, at(args, 4) + offset, width, mean, inverse, centred);
    }
    if (dweight != 0) addProduct(dweight, x, dy, width, mean, inverse);
    if (dbias != 0) add(dbias, dy, width);
  }
}

function gradX(
  x: usize, weight: usize, dy: usize, residual: usize, dx: usize, width: i32,
  mean: f32, inverse: f32, centred: bool,
): void {
  const bytes = <usize>width << 2;
  const whole = <usize>(width & ~3) << 2;
  const m = f32x4.splat(mean);
  const s = f32x4.splat(inverse);
  let sums = f32x4.splat(0);
  let dots = f32x4.splat(0);
  for (let i: usize = 0; i < whole; i += 16) {
    const h = f32x4.mul(v128.load(dy + i), v128.load(weight + i));
    sums = f32x4.add(sums, h);
    dots = madd(h, f32x4.mul(f32x4.sub(v128.load(x + i), m), s), dots);
  }
  let sum = sum4(sums);
  let dot = sum4(dots);
  for (let i = whole; i < bytes; i += 4) {
    const h = load<f32>(dy + i) * load<f32>(weight + i);
    sum += h;
    dot += h * (load<f32>(x + i) - mean) * inverse;
  }
  const average: f32 = centred ? sum / <f32>width : 0;
  const slope: f32 = dot / <f32>width;
  const a = f32x4.splat(average);
  const d = f32x4.splat(slope);
  for (let i: usize = 0; i < whole; i += 16) {
    const h = f32x4.mul(v128.load(dy + i), v128.load(weight + i));
    const normal = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
    let result = f32x4.mul(s, f32x4.sub(f32x4.sub(h, a), f32x4.mul(normal, d)));
    if (residual != 0) result = f32x4.add(result, v128.load(residual + i));
    v128.store(dx + i, result);
  }
  for (let i = whole; i < bytes; i += 4) {
    const h = load<f32>(dy + i) * load<f32>(weight + i);
    const normal = (load<f32>(x + i) - mean) * inverse;
    let result = inverse * (h - average - normal * slope);
    if (residual != 0) result += load<f32>(residual + i);
    store<f32>(dx + i, result);
  }
}

/** to += dy * (x - mean) * inverse */
function addProduct(to: usize, x: usize, dy: usize, width: i32, mean: f32, inverse: f32): void {
  const whole = <usize>(width & ~3) << 2;
  const m = f32x4.splat(mean);
  const s = f32x4.splat(inverse);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const normal = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
    v128.store(to + i, madd(v128.load(dy + i), normal, v128.load(to + i)));
  }
  for (; i < <usize>width << 2; i += 4) {
    store<f32>(to + i, load<f32>(to + i) + load<f32>(dy + i) * (load<f32>(x + i) - mean) * inverse);
  }
}

/** to += x */
function add(to: usize, x: usize, width: i32): void {
  const whole = <usize>(width & ~3) << 2;
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(x + i)));
  for (; i < <usize>width << 2; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(x + i));
}
