import { at, float, int } from './words';

/**
 * Cosines and sines of position * frequency: the angle rounded to f32, as Hugging Face has it, the
 * functions in f64. [time, 2, half].
 *
 * (positions, frequencies, result, time, half, positions of a unit)
 */
export function rotary_table(args: usize, unit: i32, thread: i32): void {
  const half = int(args, 4);
  const first = unit * int(args, 5);
  const end = min(int(args, 3), first + int(args, 5));
  for (let t = first; t < end; t++) {
    const position = <f32>load<i32>(at(args, 0) + (<usize>t << 2));
    const to = at(args, 2) + ((<usize>t * 2 * <usize>half) << 2);
    for (let j = 0; j < half; j++) {
      const angle = <f64>(position * float(at(args, 1), j));
      store<f32>(to + (<usize>j << 2), <f32>NativeMath.cos(angle));
      store<f32>(to + (<usize>(half + j) << 2), <f32>NativeMath.sin(angle));
    }
  }
}

/**
 * Rotates the first heads of each row; the rest stays as it is.
 * (x, table, result, rows, time, elements of a row, heads, half, is it inverse, rows of a unit)
 */
export function rotary_rows(args: usize, unit: i32, thread: i32): void {
  const bytes = <usize>int(args, 5) << 2;
  const heads = int(args, 6);
  const half = int(args, 7);
  const halfBytes = <usize>half << 2;
  const rotated = <usize>heads * 2 * halfBytes;
  const sign: f32 = int(args, 8) ? -1 : 1;
  const first = unit * int(args, 9);
  const end = min(int(args, 3), first + int(args, 9));
  for (let row = first; row < end; row++) {
    let x = at(args, 0) + <usize>row * bytes;
    let y = at(args, 2) + <usize>row * bytes;
    const table = at(args, 1) + <usize>(row % int(args, 4)) * 2 * halfBytes;
    if (x != y && rotated < bytes) memory.copy(y + rotated, x + rotated, bytes - rotated);
    for (let head = 0; head < heads; head++, x += 2 * halfBytes, y += 2 * halfBytes) {
      rotate(x, y, table, half, sign);
    }
  }
}

function rotate(x: usize, y: usize, table: usize, half: i32, sign: f32): void {
  const halfBytes = <usize>half << 2;
  const whole = <usize>(half & ~3) << 2;
  const s4 = f32x4.splat(sign);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const a = v128.load(x + i);
    const b = v128.load(x + halfBytes + i);
    const cos = v128.load(table + i);
    const sin = f32x4.mul(v128.load(table + halfBytes + i), s4);
    v128.store(y + i, f32x4.sub(f32x4.mul(a, cos), f32x4.mul(b, sin)));
    v128.store(y + halfBytes + i, f32x4.add(f32x4.mul(b, cos), f32x4.mul(a, sin)));
  }
  for (; i < halfBytes; i += 4) {
    const a = load<f32>(x + i);
    const b = load<f32>(x + halfBytes + i);
    const cos = load<f32>(table + i);
    const sin = load<f32>(table + halfBytes + i) * sign;
    store<f32>(y + i, a * cos - b * sin);
    store<f32>(y + halfBytes + i, b * cos + a * sin);
  }
}
