import { powerNegative } from './activations';
import { anyNaN, packEightRows, packTransposed, unpackEight } from './attention-parts';
import { micro68, microAll } from './gemm-micro';
import { packSixRows } from './gemm-pack';
import { four, log, LOG2_E } from './math';
import { hashKey, keep } from './random';
import { scratch } from './scratch';
import { at, float, int } from './words';

/**
 * Causal attention over packed rows. A unit is one head of one sequence, or some of its queries.
 *
 * Words: 0 qkv, 1 out or 0, 2 lse or 0, 3 time, 4 heads, 5 key heads, 6 head size, 7 scale, 8 parts that
 * the queries of a head are dealt to, 9 seed's address or 0, 10 stream, 11 threshold, 12 1 / (1 - rate).
 */
export function attention(args: usize, unit: i32, thread: i32): void {
  const heads = int(args, 4);
  const keyHeads = int(args, 5);
  const parts = int(args, 8);
  const row = unit / parts; // of [batch, heads]
  const batch = row / heads;
  const head = row - batch * heads;
  const bytes = <usize>int(args, 6) << 2;
  const stride = <usize>(heads + 2 * keyHeads) * bytes;
  const first = at(args, 0) + <usize>(batch * int(args, 3)) * stride;
  const k = first + <usize>(heads + (head * keyHeads) / heads) * bytes;
  attend(args, row, unit % parts, 0, k, k + <usize>keyHeads * bytes, stride, thread);
}

/**
 * A part of the queries of a head, row `row` of [batch, heads]: query i sees keys 0 to past + i of `k` and `v`,
 * whose rows are `stride` bytes apart. Eight queries at a time: their scores with all keys up to them as
 * [key][8], so that the softmax needs nothing across lanes, and weights are the right side of the product
 * with the values as they are.
 */
export function attend(
  args: usize, row: i32, part: i32, past: i32, k: usize, v: usize, stride: usize, thread: i32,
): void {
  const time = int(args, 3);
  const heads = int(args, 4);
  const size = int(args, 6);
  const parts = int(args, 8);
  const batch = row / heads;
  const head = row - batch * heads;
  const bytes = <usize>size << 2;
  const rowBytes = <usize>(heads + 2 * int(args, 5)) * bytes;
  const q = at(args, 0) + <usize>(batch * time) * rowBytes + <usize>head * bytes;
  const all = past + time;

  // Panels of keys [head size][6], of values [all][6 or 4], of eight queries, scores, and the result [head size][8].
  const keys = scratch(thread);
  const values = keys + <usize>((all + 5) / 6) * bytes * 6;
  const queries = values + <usize>((size + 5) / 6) * (<usize>all * 24);
  const scores = queries + bytes * 8;
  const mixed = scores + <usize>(all + 8) * 32;
  for (let j = 0; j < all; j += 6) {
    packSixRows(k + <usize>j * stride, stride, min(6, all - j), size, keys + <usize>j * bytes);
  }
  packTransposed(v, stride, size, all, values);

  for (let first = part << 3; first < time; first += parts << 3) {
    const count = min(8, time - first);
    const seen = past + first + count;
    packEightRows(q + <usize>first * rowBytes, rowBytes, count, size, queries);
    for (let j = 0; j < seen; j += 6) {
      micro68(keys + <usize>j * bytes, queries, size, scores + (<usize>j << 5), 32, false);
    }
    const inverse = softmax(args, scores, first, past + first, seen, row);
    if (at(args, 1) == 0) continue;
    microAll(values, size, all, 0, scores, seen, mixed, false);
    const outStride = <usize>heads * bytes;
    const out = at(args, 1) + <usize>(batch * time + first) * outStride + <usize>head * bytes;
    unpackEight(mixed, size, v128.load(inverse), v128.load(inverse, 16), count, out, outStride);
    if (anyNaN(out, outStride, count, size)) {
      mixExactly(scores, inverse, past + first, count, size, v, stride, out, outStride);
    }
  }
}

/**
 * Weights of eight queries, from `first` on, over keys 0 to `seen` - 1, not yet divided by their sum and with
 * dropout applied. The first sees keys up to `last`, the next one more; what is hidden weighs 0. Stores the
 * log-sum-exp; returns where eight factors are that divide.
 */
function softmax(args: usize, scores: usize, first: i32, last: i32, seen: i32, row: i32): usize {
  for (let j = last + 1; j < seen; j++) {
    const hidden = scores + (<usize>j << 5);
    const low = i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(j - last));
    const high = i32x4.ge_s(i32x4(4, 5, 6, 7), i32x4.splat(j - last));
    v128.store(hidden, v128.bitselect(v128.load(hidden), f32x4.splat(-Infinity), low));
    v128.store(hidden, v128.bitselect(v128.load(hidden, 16), f32x4.splat(-Infinity), high), 16);
  }
  let top0 = f32x4.splat(-Infinity);
  let top1 = f32x4.splat(-Infinity);
  const end = scores + (<usize>seen << 5);
  for (let s = scores; s < end; s += 32) {
    top0 = f32x4.pmax(top0, v128.load(s));
    top1 = f32x4.pmax(top1, v128.load(s, 16));
  }
  const scale = f32x4.splat(float(args, 7));
  // Weights are powers of 2: less work, and as good where they are not small beside the largest, which is 1.
  const factor = f32x4.mul(scale, four(LOG2_E));
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  for (let s = scores; s < end; s += 32) {
    const p0 = powerNegative(f32x4.mul(f32x4.sub(v128.load(s), top0), factor));
    const p1 = powerNegative(f32x4.mul(f32x4.sub(v128.load(s, 16), top1), factor));
    sum0 = f32x4.add(sum0, p0);
    sum1 = f32x4.add(sum1, p1);
    v128.store(s, p0);
    v128.store(s, p1, 16);
  }
  const time = int(args, 3);
  if (at(args, 9) != 0) drop(args, scores, seen, row * time + first);
  // Behind the scores, which have room for eight more.
  store4(end, f32x4.div(f32x4.splat(1), sum0), f32x4.div(f32x4.splat(1), sum1));
  const lse = at(args, 2);
  if (lse != 0) {
    const place = lse + (<usize>(row * time + first) << 2);
    const count = min(8, time - first);
    const lse0 = f32x4.add(f32x4.mul(top0, scale), log(sum0));
    const lse1 = f32x4.add(f32x4.mul(top1, scale), log(sum1));
    if (count == 8) {
      store4(place, lse0, lse1);
    } else {
      store4(end + 32, lse0, lse1);
      for (let i = 0; i < count; i++) store<f32>(place + (<usize>i << 2), load<f32>(end + 32 + (<usize>i << 2)));
    }
  }
  return end;
}

@inline
function store4(to: usize, x0: v128, x1: v128): void {
  v128.store(to, x0);
  v128.store(to, x1, 16);
}

/** Weight (query, key) is element query * time + key of its mask. `query`: the first, counted over all heads. */
function drop(args: usize, scores: usize, seen: i32, query: i32): void {
  const time = int(args, 3);
  const key = hashKey(load<u32>(at(args, 9)), <u32>int(args, 10));
  const threshold = i32x4.splat(int(args, 11));
  const kept = f32x4.splat(float(args, 12));
  let index0 = i32x4.add(i32x4.splat(query * time), i32x4.mul(i32x4.splat(time), i32x4(0, 1, 2, 3)));
  let index1 = i32x4.add(index0, i32x4.splat(4 * time));
  const one = i32x4.splat(1);
  for (const end = scores + (<usize>seen << 5); scores < end; scores += 32) {
    v128.store(scores, v128.and(f32x4.mul(v128.load(scores), kept), keep(key, index0, threshold)));
    v128.store(scores, v128.and(f32x4.mul(v128.load(scores, 16), kept), keep(key, index1, threshold)), 16);
    index0 = i32x4.add(index0, one);
    index1 = i32x4.add(index1, one);
  }
}

/** Where something is not finite, a weight of 0 times a value that a query must not see is not nothing. */
function mixExactly(
  weights: usize, inverse: usize, last: i32, count: i32, size: i32, v: usize, stride: usize, out: usize,
  outStride: usize,
): void {
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < size; d++) {
      let sum: f32 = 0;
      for (let j = 0; j <= last + i; j++) {
        const weight = load<f32>(weights + (<usize>j << 5) + (<usize>i << 2));
        sum += weight * load<f32>(v + <usize>j * stride + (<usize>d << 2));
      }
      store<f32>(out + (<usize>d << 2), sum * load<f32>(inverse + (<usize>i << 2)));
    }
    out += outStride;
  }
}
