import { scratch } from './scratch';
import { at, float, int } from './words';

/** A weight in f64 for each id, then sums of weights by a few bits of the logit: BINS f64. */
const BINS: i32 = 2048;

/**
 * One id for each row, by the rules of src/engine/inference/pick.ts, weights in f64. What is the k-th
 * largest, and where the tail ends, is found without sorting: by the sums of weights over the leading
 * bits of the logits, then over the next ones.
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
  let best = 0;
  for (let i = 1; i < n; i++) if (float(x, i) > float(x, best)) best = i;
  if (temperature == 0) return best;
  const top = <f64>float(x, best);
  const bins = weights + (<usize>n << 3);
  // As many as are not among the k largest lie below the k-th.
  let least: u32 = 0;
  if (k > 0 && k < n) {
    for (let i = 0; i < n; i++) setWeight(weights, i, 1);
    least = cutOf(x, n, weights, bins, <f64>(n - k));
  }
  let total: f64 = 0;
  for (let i = 0; i < n; i++) {
    const weight = keyOf(x, i) >= least ? NativeMath.exp((<f64>float(x, i) - top) / temperature) : 0;
    setWeight(weights, i, weight);
    total += weight;
  }
  if (p < 1) {
    dropTail(x, n, weights, bins, (1 - p) * total);
    total = 0;
    for (let i = 0; i < n; i++) total += weightOf(weights, i);
  }
  let left = uniform * total;
  for (let i = 0; i < n; i++) {
    left -= weightOf(weights, i);
    if (left < 0) return i;
  }
  return best; // only by rounding at the very end
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
