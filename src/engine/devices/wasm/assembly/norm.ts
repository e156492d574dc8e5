import { madd } from './math';
import { squaresAround, sumOf } from './rows';
import { at, float, int } from './words';

/** 1 / sqrt(variance + epsilon); what is subtracted first is 0 in RMSNorm. */
@inline
function inverseDeviation(x: usize, width: i32, mean: f32, epsilon: f32): f32 {
  return <f32>1 / sqrt<f32>(squaresAround(x, width, mean) / <f32>width + epsilon);
}

/** (x, weight, bias, y, rows, width, epsilon, rows of a unit) */
export function layer_norm(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 5);
  const weight = at(args, 1);
  const bias = at(args, 2);
  const first = unit * int(args, 7);
  const end = min(int(args, 4), first + int(args, 7));
  for (let row = first; row < end; row++) {
    const offset = (<usize>row * <usize>width) << 2;
    const x = at(args, 0) + offset;
    const y = at(args, 3) + offset;
    const mean = <f32>(sumOf(x, width) / <f64>width);
    const inverse = inverseDeviation(x, width, mean, float(args, 6));
    const m = f32x4.splat(mean);
    const s = f32x4.splat(inverse);
    let i: usize = 0;
    const whole = <usize>(width & ~3) << 2;
    for (; i < whole; i += 16) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
      v128.store(y + i, madd(normal, v128.load(weight + i), v128.load(bias + i)));
    }
    for (; i < <usize>width << 2; i += 4) {
      store<f32>(y + i, (load<f32>(x + i) - mean) * inverse * load<f32>(weight + i) + load<f32>(bias + i));
    }
  }
}

/** (x, weight, y, rows, width, epsilon, rows of a unit) */
export function rms_norm(args: usize, unit: i32, thread: i32): void {
  const width = int(args, 4);
  const weight = at(args, 1);
  const first = unit * int(args, 6);
  const end = min(int(args, 3), first + int(args, 6));
  for (let row = first; row < end; row++) {
    const offset = (<usize>row * <usize>width) << 2;
    const x = at(args, 0) + offset;
    const y = at(args, 2) + offset;
    const inverse = inverseDeviation(x, width, 0, float(args, 5));
    const s = f32x4.splat(inverse);
    let i: usize = 0;
    const whole = <usize>(width & ~3) << 2;
    for (; i < whole; i += 16) {
      v128.store(y + i, f32x4.mul(f32x4.mul(v128.load(x + i), s), v128.load(weight + i)));
    }
    for (; i < <usize>width << 2; i += 4) {
      store<f32>(y + i, load<f32>(x + i) * inverse * load<f32>(weight + i));
    }
  }
}
