import { expNegative, log, sum4 } from './math';
import { maxOf } from './rows';
import { at, int } from './words';

/**
 * Loss and its gradient in one go; dlogits may be the logits themselves.
 * (logits, labels, dloss or 0, is dloss one number, losses or 0, dlogits or 0, rows, vocab, ignore_index,
 * rows of a unit)
 */
export function cross_entropy(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 7);
  const first = unit * int(args, 9);
  const end = min(int(args, 6), first + int(args, 9));
  for (let row = first; row < end; row++) {
    const offset = (<usize>row * <usize>width) << 2;
    const x = at(args, 0) + offset;
    const label = load<i32>(at(args, 1) + (<usize>row << 2));
    const ignored = label == int(args, 8);
    const loss: usize = at(args, 4) == 0 ? 0 : at(args, 4) + (<usize>row << 2);
    const dx: usize = at(args, 5) == 0 ? 0 : at(args, 5) + offset;
    if (ignored) {
      if (loss != 0) store<f32>(loss, 0);
      if (dx != 0) memory.fill(dx, 0, <usize>width << 2);
      continue;
    }
    const own = load<f32>(x + (<usize>label << 2));
    const top = maxOf(x, width);
    const sum = exponentials(x, dx, width, top);
    if (loss != 0) store<f32>(loss, <f32>(<f64>top - <f64>own + <f64>logOf(sum)));
    if (dx == 0) continue;
    const factor = load<f32>(at(args, 2) + (int(args, 3) ? 0 : <usize>row << 2));
    scale(dx, width, factor / sum);
    const place = dx + (<usize>label << 2);
    store<f32>(place, load<f32>(place) - factor);
  }
}

@inline
function logOf(x: f32): f32 {
  return f32x4.extract_lane(log(f32x4.splat(x)), 0);
}

/** The sum of exp(x - top); each goes to y, where there is one. */
function exponentials(x: usize, y: usize, width: i32, top: f32): f32 {
  const bytes = <usize>width << 2;
  const whole = <usize>(width & ~3) << 2;
  const t = f32x4.splat(top);
  let sums = f32x4.splat(0);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const e = expNegative(f32x4.sub(v128.load(x + i), t));
    sums = f32x4.add(sums, e);
    if (y != 0) v128.store(y + i, e);
  }
  let sum = sum4(sums);
  for (; i < bytes; i += 4) {
    const e = f32x4.extract_lane(expNegative(f32x4.splat(load<f32>(x + i) - top)), 0);
    sum += e;
    if (y != 0) store<f32>(y + i, e);
  }
  return sum;
}

function scale(x: usize, width: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  let n = width;
  for (; n >= 4; n -= 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), f));
  for (; n > 0; n--, x += 4) store<f32>(x, load<f32>(x) * factor);
}
