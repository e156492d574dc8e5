import { madd } from './math';
import { at, float, int } from './words';

/**
 * All moments and parameters in one pass.
 * (table of units: p, m, v, g, elements, weight_decay; lr, bias1, bias2, factor or 0, beta1, 1 - beta1,
 * beta2, 1 - beta2, epsilon, finite or 0)
 */
export function adamw(args: usize, unit: i32, thread: i32): void {
  if (at(args, 10) != 0 && load<f32>(at(args, 10)) == 0) return; // the update is skipped
  const entry = at(args, 0) + <usize>unit * 24;
  let p = at(entry, 0);
  let m = at(entry, 1);
  let v = at(entry, 2);
  let g = at(entry, 3);
  let n = int(entry, 4);
  const rate = load<f32>(at(args, 1));
  // What does not change from element to element is divided by once.
  const step = f32x4.splat(rate / load<f32>(at(args, 2)));
  const unbias2 = f32x4.splat(<f32>1 / load<f32>(at(args, 3)));
  const factor = f32x4.splat(at(args, 4) == 0 ? 1 : load<f32>(at(args, 4)));
  const beta1 = f32x4.splat(float(args, 5));
  const rest1 = f32x4.splat(float(args, 6));
  const beta2 = f32x4.splat(float(args, 7));
  const rest2 = f32x4.splat(float(args, 8));
  const epsilon = f32x4.splat(float(args, 9));
  const kept = f32x4.splat(<f32>1 - rate * float(entry, 5));
  for (; n > 0; n -= 4, p += 16, m += 16, v += 16, g += 16) {
    const slope = f32x4.mul(v128.load(g), factor);
    const first = madd(v128.load(m), beta1, f32x4.mul(slope, rest1));
    const second = madd(v128.load(v), beta2, f32x4.mul(f32x4.mul(slope, rest2), slope));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(second, unbias2)), epsilon);
    const next = f32x4.sub(f32x4.mul(v128.load(p), kept), f32x4.div(f32x4.mul(step, first), root));
    if (n >= 4) {
      v128.store(m, first);
      v128.store(v, second);
      v128.store(p, next);
    } else {
      put(m, first, n);
      put(v, second, n);
      put(p, next, n);
    }
  }
}

/** The first n of four. */
function put(to: usize, x: v128, n: i32): void {
  store<f32>(to, f32x4.extract_lane(x, 0));
  if (n > 1) store<f32>(to, f32x4.extract_lane(x, 1), 4);
  if (n > 2) store<f32>(to, f32x4.extract_lane(x, 2), 8);
}
