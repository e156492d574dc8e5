import { madd, sum4 } from './math';
import { at, int } from './words';

/* What this processor reaches at best: the measures of everything else. */

/** (result [units], rounds) 12 independent chains of multiply-adds from registers: 96 operations a round. */
export function probe_madd(args: usize, unit: i32, thread: i32): void {
  const x = f32x4.splat(0.999);
  const y = f32x4.splat(0.001);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(1);
  let s2 = f32x4.splat(2);
  let s3 = f32x4.splat(3);
  let s4 = f32x4.splat(4);
  let s5 = f32x4.splat(5);
  let s6 = f32x4.splat(6);
  let s7 = f32x4.splat(7);
  let s8 = f32x4.splat(8);
  let s9 = f32x4.splat(9);
  let s10 = f32x4.splat(10);
  let s11 = f32x4.splat(11);
  for (let n = int(args, 1); n > 0; n--) {
    s0 = madd(s0, x, y);
    s1 = madd(s1, x, y);
    s2 = madd(s2, x, y);
    s3 = madd(s3, x, y);
    s4 = madd(s4, x, y);
    s5 = madd(s5, x, y);
    s6 = madd(s6, x, y);
    s7 = madd(s7, x, y);
    s8 = madd(s8, x, y);
    s9 = madd(s9, x, y);
    s10 = madd(s10, x, y);
    s11 = madd(s11, x, y);
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  s4 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  s8 = f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11));
  store<f32>(at(args, 0) + (<usize>unit << 2), sum4(f32x4.add(f32x4.add(s0, s4), s8)));
}

/** (result [units], from, bytes per unit, a multiple of 128) Reads, and adds up so that it cannot be left out. */
export function probe_read(args: usize, unit: i32, thread: i32): void {
  const bytes = at(args, 2);
  let from = at(args, 1) + <usize>unit * bytes;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (const end = from + bytes; from < end; from += 128) {
    s0 = f32x4.add(s0, v128.load(from));
    s1 = f32x4.add(s1, v128.load(from, 16));
    s2 = f32x4.add(s2, v128.load(from, 32));
    s3 = f32x4.add(s3, v128.load(from, 48));
    s4 = f32x4.add(s4, v128.load(from, 64));
    s5 = f32x4.add(s5, v128.load(from, 80));
    s6 = f32x4.add(s6, v128.load(from, 96));
    s7 = f32x4.add(s7, v128.load(from, 112));
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  s4 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  store<f32>(at(args, 0) + (<usize>unit << 2), sum4(f32x4.add(s0, s4)));
}

/** (to, from, bytes per unit) */
export function probe_copy(args: usize, unit: i32, thread: i32): void {
  const bytes = at(args, 2);
  memory.copy(at(args, 0) + <usize>unit * bytes, at(args, 1) + <usize>unit * bytes, bytes);
}
