import { expNegative, madd, sum4 } from './math';
import { maxOf } from './rows';
import { at, float, int } from './words';

/** (x, y, rows, width, rows of a unit) */
export function softmax(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 3);
  const first = unit * int(args, 4);
  const end = min(int(args, 2), first + int(args, 4));
  for (let row = first; row < end; row++) {
    const offset = (<usize>row * <usize>width) << 2;
    softmaxRow(at(args, 0) + offset, at(args, 1) + offset, width, width, 1);
  }
}

/** (scores, offset, result, rows, tq, tk, scale, rows of a unit) */
export function causal_softmax(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 5);
  const shift = load<i32>(at(args, 1));
  const first = unit * int(args, 7);
  const end = min(int(args, 3), first + int(args, 7));
  for (let row = first; row < end; row++) {
    const offset = (<usize>row * <usize>width) << 2;
    const visible = max(0, min(width, (row % int(args, 4)) + shift + 1));
    softmaxRow(at(args, 0) + offset, at(args, 2) + offset, width, visible, float(args, 6));
  }
}

/** Softmax of the first `visible` numbers times `scale`, 0 for the others. y may be x. */
function softmaxRow(x: usize, y: usize, width: i32, visible: i32, scale: f32): void {
  const end = <usize>visible << 2;
  const whole = <usize>(visible & ~3) << 2;
  const factor = f32x4.splat(scale);
  let i: usize = 0;
  if (scale != 1) {
    for (; i < whole; i += 16) v128.store(y + i, f32x4.mul(v128.load(x + i), factor));
    for (; i < end; i += 4) store<f32>(y + i, load<f32>(x + i) * scale);
    x = y;
  }
  const top = maxOf(x, visible);
  const t = f32x4.splat(top);
  let sums = f32x4.splat(0);
  for (i = 0; i < whole; i += 16) {
    const e = expNegative(f32x4.sub(v128.load(x + i), t));
    sums = f32x4.add(sums, e);
    v128.store(y + i, e);
  }
  let sum = sum4(sums);
  for (; i < end; i += 4) {
    const e = f32x4.extract_lane(expNegative(f32x4.splat(load<f32>(x + i) - top)), 0);
    sum += e;
    store<f32>(y + i, e);
  }
  const inverse = <f32>1 / sum;
  const s = f32x4.splat(inverse);
  for (i = 0; i < whole; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), s));
  for (; i < end; i += 4) store<f32>(y + i, load<f32>(y + i) * inverse);
  memory.fill(y + end, 0, <usize>(width - visible) << 2);
}

/** scale * y * (dy - sum of y * dy). (y, dy, dx, rows, width, scale, rows of a unit) */
export function softmax_grad(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 4);
  const bytes = <usize>width << 2;
  const whole = <usize>(width & ~3) << 2;
  const scale = float(args, 5);
  const first = unit * int(args, 6);
  const end = min(int(args, 3), first + int(args, 6));
  for (let row = first; row < end; row++) {
    const y = at(args, 0) + <usize>row * bytes;
    const dy = at(args, 1) + <usize>row * bytes;
    const dx = at(args, 2) + <usize>row * bytes;
    let dots = f32x4.splat(0);
    let i: usize = 0;
    for (; i < whole; i += 16) dots = madd(v128.load(y + i), v128.load(dy + i), dots);
    let dot = sum4(dots);
    for (; i < bytes; i += 4) dot += load<f32>(y + i) * load<f32>(dy + i);
    const d = f32x4.splat(dot);
    const s = f32x4.splat(scale);
    for (i = 0; i < whole; i += 16) {
      const difference = f32x4.sub(v128.load(dy + i), d);
      v128.store(dx + i, f32x4.mul(f32x4.mul(s, v128.load(y + i)), difference));
    }
    for (; i < bytes; i += 4) store<f32>(dx + i, scale * load<f32>(y + i) * (load<f32>(dy + i) - dot));
  }
}
