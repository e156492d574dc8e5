import { max4 } from './math';
import { scratch } from './scratch';
import { at, float, int } from './words';

/** A weight in f64 for each id, then sums of weights, by a few bits of the logit or by the place: BINS f64. */
const BINS: i32 = 2048;
/** Ids whose weights are summed by themselves, at least; a multiple of 4. */
const BLOCK: i32 = 1024;

/**
 * One id for each row, by the rules of src/engine/inference/pick.ts, weights in f64. What is the k-th
 * largest, and where the tail ends, is found without sorting: by the sums of weights over the leading
 * bits of the logits, then over the next ones. Which id is drawn is found by sums of blocks, then in a block.
 *
 * (logits, uniform, temperature, top_k, top_p, result, vocab)
 */
export function sample_token(args: usize, unit: i32, thread: i32): void {
  const vocab = int(args, 6);
  const x = at(args, 0) + ((<usize>unit * <usize>vocab) << 2);
  const uniform = <f64>float(at(args, 1), unit);
  const temperature = <f64>float(at(args, 2), 0);
  const p = <f64>float(at(args, 4), 0);
  const id = pick(x, vocab, uniform, temperature, int(at(args, 3), 0), p, scratch(thread));
  store<i32>(at(args, 5) + (<usize>unit << 2), id);
}

function pick(x: usize, n: i32, uniform: f64, temperature: f64, k: i32, p: f64, weights: usize): i32 {
  const best = firstLargest(x, n);
  if (temperature == 0) return best;
  const top = <f64>float(x, best);
  const bins = weights + (<usize>n << 3);
  // As many as are not among the k largest lie below the k-th.
  let least: u32 = 0;
  if (k > 0 && k < n) {
    for (let i = 0; i < n; i++) setWeight(weights, i, 1);
    least = cutOf(x, n, weights, bins, <f64>(n - k));
  }
  weigh(x, n, top, 1 / temperature, weights);
  if (least > 0) {
    for (let i = 0; i < n; i++) if (keyOf(x, i) < least) setWeight(weights, i, 0);
  }
  const block = max(BLOCK, ((n + BINS - 1) / BINS + 3) & ~3);
  let total = sumBlocks(weights, n, block, bins);
  if (p < 1) {
    dropTail(x, n, weights, bins, (1 - p) * total);
    total = sumBlocks(weights, n, block, bins);
  }
  let left = uniform * total;
  for (let first = 0, b = 0; first < n; first += block, b++) {
    const all = load<f64>(bins + (<usize>b << 3));
    if (left >= all) {
      left -= all;
      continue;
    }
    const end = min(n, first + block);
    for (let i = first; i < end; i++) {
      left -= weightOf(weights, i);
      if (left < 0) return i;
    }
  }
  return best; // only by rounding at the very end
}

/** Of equals the first; 0 where the first one is not a number, and others that are none are passed over. */
function firstLargest(x: usize, n: i32): i32 {
  if (float(x, 0) != float(x, 0)) return 0;
  let top = f32x4.splat(-Infinity);
  let i = 0;
  // pmax returns its first argument where the other is not a number.
  for (; i + 4 <= n; i += 4) top = f32x4.pmax(top, v128.load(x + (<usize>i << 2)));
  let largest = max4(top);
  for (; i < n; i++) if (float(x, i) > largest) largest = float(x, i);
  const all = f32x4.splat(largest);
  for (i = 0; i + 4 <= n; i += 4) if (v128.any_true(f32x4.eq(v128.load(x + (<usize>i << 2)), all))) break;
  for (; i < n; i++) if (float(x, i) == largest) return i;
  return 0;
}

/** e^((x - top) factor) for each id, 0 for what is not a number; writes up to 3 beyond. */
function weigh(x: usize, n: i32, top: f64, factor: f64, weights: usize): void {
  const centre = f64x2.splat(top);
  const scale = f64x2.splat(factor);
  for (let i = 0; i < n; i += 4, x += 16, weights += 32) {
    const four = v128.load(x);
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 0));
    v128.store(weights, v128.and(exp2(f64x2.mul(f64x2.sub(low, centre), scale)), f64x2.eq(low, low)));
    v128.store(weights, v128.and(exp2(f64x2.mul(f64x2.sub(high, centre), scale)), f64x2.eq(high, high)), 16);
  }
}

/** 1 / k! from k = 0 to 13. */
const FACTORIALS: usize = memory.data<f64>([
  1, 1, 0.5, 1.6666666666666666e-1, 4.1666666666666664e-2, 8.333333333333333e-3, 1.388888888888889e-3,
  1.984126984126984e-4, 2.48015873015873e-5, 2.7557319223985893e-6, 2.755731922398589e-7, 2.505210838544172e-8,
  2.08767569878681e-9, 1.6059043836821613e-10,
]);
/** Below, e^x is no normal number: 0 here. */
const LEAST: f64 = -708;
const LOG2_E: f64 = 1.4426950408889634;
/** Added to a number it leaves the nearest whole one in the lowest bits: 1.5 * 2^52. */
const ROUND: f64 = 6755399441055744;
/** ln(2) in two parts, of which the first times a whole number is exact. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;

/** Two neighbouring terms, over their common power of r. */
@inline
function two(k: usize, r: v128): v128 {
  return f64x2.add(v128.load64_splat(FACTORIALS + (k << 3)), f64x2.mul(v128.load64_splat(FACTORIALS + (k << 3), 8), r));
}

/** e^x of two f64 that are at most 0, by Taylor's series around the nearest multiple of ln(2). */
@inline
function exp2(x: v128): v128 {
  const bounded = f64x2.pmax(x, f64x2.splat(LEAST));
  const shifted = f64x2.add(f64x2.mul(bounded, f64x2.splat(LOG2_E)), f64x2.splat(ROUND));
  const n = f64x2.sub(shifted, f64x2.splat(ROUND));
  let r = f64x2.sub(bounded, f64x2.mul(n, f64x2.splat(LN2_HIGH)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(LN2_LOW)));
  // By twos, fours and eights: terms that do not wait for each other.
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const low = f64x2.add(two(0, r), f64x2.mul(two(2, r), r2));
  const middle = f64x2.add(two(4, r), f64x2.mul(two(6, r), r2));
  const high = f64x2.add(two(8, r), f64x2.mul(two(10, r), r2));
  const upper = f64x2.add(high, f64x2.mul(two(12, r), r4));
  const sum = f64x2.add(f64x2.add(low, f64x2.mul(middle, r4)), f64x2.mul(upper, f64x2.mul(r4, r4)));
  const power = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  return v128.andnot(f64x2.mul(sum, power), f64x2.lt(x, f64x2.splat(LEAST)));
}

/** Sums of blocks of ids, in a fixed order, and the sum of these. */
function sumBlocks(weights: usize, n: i32, block: i32, sums: usize): f64 {
  let total: f64 = 0;
  for (let first = 0; first < n; first += block) {
    const end = min(n, first + block);
    let a = f64x2.splat(0);
    let b = a;
    let i = first;
    for (; i + 4 <= end; i += 4) {
      const at = weights + (<usize>i << 3);
      a = f64x2.add(a, v128.load(at));
      b = f64x2.add(b, v128.load(at, 16));
    }
    a = f64x2.add(a, b);
    let sum = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
    for (; i < end; i++) sum += weightOf(weights, i);
    store<f64>(sums, sum);
    sums += 8;
    total += sum;
  }
  return total;
}

@inline
function weightOf(weights: usize, i: i32): f64 {
  return load<f64>(weights + (<usize>i << 3));
}

@inline
function setWeight(weights: usize, i: i32, weight: f64): void {
  store<f64>(weights + (<usize>i << 3), weight);
}

/** A whole number that is larger where the float is; the same for 0 and -0. */
@inline
function keyOf(x: usize, i: i32): u32 {
  const bits = reinterpret<u32>(float(x, i) + 0);
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000);
}

/** The largest key such that what has lesser ones weighs at most `limit` together. */
function cutOf(x: usize, n: i32, weights: usize, bins: usize, limit: f64): u32 {
  let found: u32 = 0;
  let below: f64 = 0;
  // 11 bits, 11 more, the last 10; before the first there is nothing to agree with.
  let known: u32 = 0;
  let shift: u32 = 21;
  while (true) {
    memory.fill(bins, 0, BINS << 3);
    for (let i = 0; i < n; i++) {
      const key = keyOf(x, i);
      if (((key ^ found) & known) != 0) continue;
      const bin = bins + (<usize>((key & ~known) >> shift) << 3);
      store<f64>(bin, load<f64>(bin) + weightOf(weights, i));
    }
    const count: u32 = shift == 0 ? 1024 : 2048;
    let digit: u32 = 0;
    for (; digit < count - 1; digit++) {
      const next = below + load<f64>(bins + (<usize>digit << 3));
      if (next > limit) break;
      below = next;
    }
    found |= digit << shift;
    if (shift == 0) return found;
    known = ~(((<u32>1) << shift) - 1);
    shift = shift == 21 ? 10 : 0;
  }
}

/** Makes 0 of the least weights that together have at most `limit`; of equals the later first; one stays. */
function dropTail(x: usize, n: i32, weights: usize, bins: usize, limit: f64): void {
  const cut = cutOf(x, n, weights, bins, limit);
  let tail: f64 = 0;
  let kept = 0;
  for (let i = 0; i < n; i++) {
    if (weightOf(weights, i) == 0) continue;
    if (keyOf(x, i) >= cut) kept++;
    else {
      tail += weightOf(weights, i);
      setWeight(weights, i, 0);
    }
  }
  for (let i = n - 1; i >= 0 && kept > 1; i--) {
    if (keyOf(x, i) != cut || weightOf(weights, i) == 0) continue;
    tail += weightOf(weights, i);
    if (tail > limit) break;
    setWeight(weights, i, 0);
    kept--;
  }
}
