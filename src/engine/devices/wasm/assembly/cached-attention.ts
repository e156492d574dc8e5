import { attend } from './attention';
import { dot } from './attention-parts';
import { expNegative, madd, max4, sum4 } from './math';
import { scratch } from './scratch';
import { at, float, int } from './words';

/**
 * Attention of new queries over a cache of keys and values, of which it reads what is visible and no more. A
 * unit is one head of one sequence. Many queries at once go as in training; few read keys and values once
 * through, row after row, as fast as memory gives them.
 *
 * Words: as those of `attention`, then 13 k cache, 14 v cache, 15 positions, 16 capacity, 17 queries from
 * which on they go as in training.
 */
export function cached_attention(args: usize, unit: i32, thread: i32): void {
  const time = int(args, 3);
  const heads = int(args, 4);
  const keyHeads = int(args, 5);
  const size = int(args, 6);
  const capacity = int(args, 16);
  const batch = unit / heads;
  const head = unit - batch * heads;
  const bytes = <usize>size << 2;
  const start = <usize>((batch * keyHeads + (head * keyHeads) / heads) * capacity) * bytes;
  const k = at(args, 13) + start;
  const v = at(args, 14) + start;
  const past = max(0, load<i32>(at(args, 15) + (<usize>batch << 2)));
  if (time >= int(args, 17) && past + time <= capacity) {
    attend(args, unit, 0, past, k, v, bytes, thread);
    return;
  }
  const rowBytes = <usize>(heads + 2 * keyHeads) * bytes;
  for (let i = 0; i < time; i++) {
    const row = <usize>(batch * time + i);
    const seen = min(capacity, past + i + 1);
    const weights = scratch(thread);
    score(at(args, 0) + row * rowBytes + <usize>head * bytes, k, seen, size, float(args, 7), weights);
    const sum = weigh(weights, seen);
    mix(weights, v, seen, size, 1 / sum, at(args, 1) + (row * <usize>heads + <usize>head) * bytes);
  }
}

/** scale * q . k for each key. Ends with -infinity up to a multiple of 4. */
function score(q: usize, k: usize, keys: i32, size: i32, scale: f32, to: usize): void {
  const bytes = <usize>size << 2;
  const factor = f32x4.splat(scale);
  let j = 0;
  if ((size & 3) == 0) {
    for (; j + 4 <= keys; j += 4) {
      const k1 = k + bytes;
      const k2 = k1 + bytes;
      const k3 = k2 + bytes;
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      for (let d: usize = 0; d < bytes; d += 16) {
        const x = v128.load(q + d);
        s0 = madd(x, v128.load(k + d), s0);
        s1 = madd(x, v128.load(k1 + d), s1);
        s2 = madd(x, v128.load(k2 + d), s2);
        s3 = madd(x, v128.load(k3 + d), s3);
      }
      v128.store(to, f32x4.mul(sums(s0, s1, s2, s3), factor));
      to += 16;
      k = k3 + bytes;
    }
  }
  for (; j < keys; j++) {
    store<f32>(to, dot(q, k, size) * scale);
    to += 4;
    k += bytes;
  }
  for (; (j & 3) != 0; j++) {
    store<f32>(to, -Infinity);
    to += 4;
  }
}

/** The sum of each of four vectors. */
@inline
function sums(x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const y01 = f32x4.add(v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), v128.shuffle<i32>(x0, x1, 2, 6, 3, 7));
  const y23 = f32x4.add(v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), v128.shuffle<i32>(x2, x3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<i64>(y01, y23, 0, 2), v128.shuffle<i64>(y01, y23, 1, 3));
}

/** Scores become weights e^(score - largest); their sum. */
function weigh(scores: usize, keys: i32): f32 {
  let top = f32x4.splat(-Infinity);
  const end = scores + (<usize>((keys + 3) & ~3) << 2);
  for (let s = scores; s < end; s += 16) top = f32x4.pmax(top, v128.load(s));
  const largest = f32x4.splat(max4(top));
  let sum = f32x4.splat(0);
  for (let s = scores; s < end; s += 16) {
    const p = expNegative(f32x4.sub(v128.load(s), largest));
    sum = f32x4.add(sum, p);
    v128.store(s, p);
  }
  return sum4(sum);
}

/** The weighted sum of the values, times a factor. */
function mix(weights: usize, v: usize, keys: i32, size: i32, factor: f32, out: usize): void {
  const bytes = <usize>size << 2;
  const scale = f32x4.splat(factor);
  let d: usize = 0;
  for (; d + 128 <= bytes; d += 128) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let s4 = f32x4.splat(0);
    let s5 = f32x4.splat(0);
    let s6 = f32x4.splat(0);
    let s7 = f32x4.splat(0);
    let row = v + d;
    for (let j: usize = 0; j < <usize>keys << 2; j += 4) {
      const p = v128.load32_splat(weights + j);
      s0 = madd(p, v128.load(row), s0);
      s1 = madd(p, v128.load(row, 16), s1);
      s2 = madd(p, v128.load(row, 32), s2);
      s3 = madd(p, v128.load(row, 48), s3);
      s4 = madd(p, v128.load(row, 64), s4);
      s5 = madd(p, v128.load(row, 80), s5);
      s6 = madd(p, v128.load(row, 96), s6);
      s7 = madd(p, v128.load(row, 112), s7);
      row += bytes;
    }
    v128.store(out + d, f32x4.mul(s0, scale));
    v128.store(out + d, f32x4.mul(s1, scale), 16);
    v128.store(out + d, f32x4.mul(s2, scale), 32);
    v128.store(out + d, f32x4.mul(s3, scale), 48);
    v128.store(out + d, f32x4.mul(s4, scale), 64);
    v128.store(out + d, f32x4.mul(s5, scale), 80);
    v128.store(out + d, f32x4.mul(s6, scale), 96);
    v128.store(out + d, f32x4.mul(s7, scale), 112);
  }
  for (; d + 16 <= bytes; d += 16) {
    let sum = f32x4.splat(0);
    let row = v + d;
    for (let j: usize = 0; j < <usize>keys << 2; j += 4) {
      sum = madd(v128.load32_splat(weights + j), v128.load(row), sum);
      row += bytes;
    }
    v128.store(out + d, f32x4.mul(sum, scale));
  }
  for (; d < bytes; d += 4) {
    let sum: f32 = 0;
    let row = v + d;
    for (let j: usize = 0; j < <usize>keys << 2; j += 4) {
      sum += load<f32>(weights + j) * load<f32>(row);
      row += bytes;
    }
    store<f32>(out + d, sum * factor);
  }
}
