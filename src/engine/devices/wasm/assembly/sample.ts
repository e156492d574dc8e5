import { float, at, int } from './words';
import { scratch } from './scratch';

/**
 * One id for each row, by the rules of src/engine/inference/pick.ts, weights in f64. What is the k-th
 * largest, and where the tail ends, is found by halving the interval of all floats 32 times: no sorting.
 *
 * (logits, uniform, temperature, top_k, top_p, result, vocab)
 */
export function sample_token(args: usize, unit: i32, thread: i32): void {
  const vocab = int(args, 6);
  const x = at(args, 0) + ((<usize>unit * <usize>vocab) << 2);
  const weights = scratch(thread);
  const uniform = <f64>float(at(args, 1), unit);
  const temperature = <f64>float(at(args, 2), 0);
  const id = pick(x, vocab, uniform, temperature, int(at(args, 3), 0), <f64>float(at(args, 4), 0), weights);
  store<i32>(at(args, 5) + (<usize>unit << 2), id);
}

function pick(x: usize, n: i32, uniform: f64, temperature: f64, k: i32, p: f64, weights: usize): i32 {
  let best = 0;
  for (let i = 1; i < n; i++) if (float(x, i) > float(x, best)) best = i;
  if (temperature == 0) return best;
  const top = <f64>float(x, best);
  const least: u32 = k == 0 || k >= n ? 0 : keyOfRank(x, n, k);
  let total: f64 = 0;
  for (let i = 0; i < n; i++) {
    const weight = keyOf(x, i) >= least ? NativeMath.exp((<f64>float(x, i) - top) / temperature) : 0;
    store<f64>(weights + (<usize>i << 3), weight);
    total += weight;
  }
  if (p < 1) {
    dropTail(x, n, weights, (1 - p) * total);
    total = 0;
    for (let i = 0; i < n; i++) total += load<f64>(weights + (<usize>i << 3));
  }
  let left = uniform * total;
  for (let i = 0; i < n; i++) {
    left -= load<f64>(weights + (<usize>i << 3));
    if (left < 0) return i;
  }
  return best; // only by rounding at the very end
}

/** A whole number that is larger where the float is. */
// @ts-ignore: decorator
@inline
function keyOf(x: usize, i: i32): u32 {
  const bits = load<u32>(x + (<usize>i << 2));
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000);
}

/** The largest key that at least k of them reach. */
function keyOfRank(x: usize, n: i32, k: i32): u32 {
  let found: u32 = 0;
  for (let bit: u32 = 0x80000000; bit != 0; bit >>= 1) {
    const tried = found | bit;
    let reached = 0;
    for (let i = 0; i < n; i++) reached += i32(keyOf(x, i) >= tried);
    if (reached >= k) found = tried;
  }
  return found;
}

/** Makes 0 of the least weights that together have at most `limit`; of equals the later first; one stays. */
function dropTail(x: usize, n: i32, weights: usize, limit: f64): void {
  // The largest key below which all may go.
  let cut: u32 = 0;
  for (let bit: u32 = 0x80000000; bit != 0; bit >>= 1) {
    const tried = cut | bit;
    let tail: f64 = 0;
    for (let i = 0; i < n; i++) if (keyOf(x, i) < tried) tail += load<f64>(weights + (<usize>i << 3));
    if (tail <= limit) cut = tried;
  }
  let tail: f64 = 0;
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const at = weights + (<usize>i << 3);
    if (load<f64>(at) == 0) continue;
    if (keyOf(x, i) >= cut) kept++;
    else {
      tail += load<f64>(at);
      store<f64>(at, 0);
    }
  }
  for (let i = n - 1; i >= 0 && kept > 1; i--) {
    const at = weights + (<usize>i << 3);
    if (keyOf(x, i) != cut || load<f64>(at) == 0) continue;
    tail += load<f64>(at);
    if (tail > limit) break;
    store<f64>(at, 0);
    kept--;
  }
}
