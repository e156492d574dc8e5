import type { Random } from '../../base/random.ts';

export interface Picking {
  /** 0: greedy. */
  readonly temperature: number;
  /** 0: off. */
  readonly top_k: number;
  /** 1: off. */
  readonly top_p: number;
}

/** A number in [0, 1) that float32 holds exactly, so that a device draws by the same one. */
export function drawUniform(random: Random): number {
  return (random.uint32() >>> 8) / 2 ** 24;
}

/**
 * Draws a token from logits [vocab] as Hugging Face's generate does: divide by the temperature, keep the
 * top_k (and what equals the last of them), then of their softmax drop the least likely ones that together
 * have at most 1 - top_p, of equals the later first, at least one staying. Of what is left, laid end to end
 * by id, it takes the one at `uniform` (in [0, 1)) of the whole. Of equal maxima greedy takes the first.
 */
export function pickToken(logits: ArrayLike<number>, picking: Picking, uniform: number): number {
  const { temperature, top_k, top_p } = picking;
  const best = argmax(logits);
  if (temperature === 0) return best;
  const top = logits[best] ?? 0;
  const least = leastOf(logits, top_k);
  const weights = new Float64Array(logits.length);
  for (let id = 0; id < weights.length; id++) {
    const logit = logits[id] ?? 0;
    if (logit >= least) weights[id] = Math.exp((logit - top) / temperature);
  }
  if (top_p < 1) dropTail(weights, top_p);
  let left = uniform * sum(weights);
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id] as number;
    if (left < 0) return id;
  }
  return best; // only by rounding at the very end
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}

/** The least logit that top_k keeps. */
function leastOf(logits: ArrayLike<number>, top_k: number): number {
  if (top_k === 0 || top_k >= logits.length) return Number.NEGATIVE_INFINITY;
  return Float64Array.from(logits).sort()[logits.length - top_k] ?? Number.NEGATIVE_INFINITY;
}

/** Makes 0 of the least weights that together have at most 1 - top_p. */
function dropTail(weights: Float64Array, top_p: number): void {
  const ranked: number[] = [];
  for (let id = 0; id < weights.length; id++) if ((weights[id] as number) > 0) ranked.push(id);
  ranked.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const limit = (1 - top_p) * sum(weights);
  let tail = 0;
  for (let kept = ranked.length; kept > 1; kept--) {
    const id = ranked[kept - 1] as number;
    tail += weights[id] as number;
    if (tail > limit) break;
    weights[id] = 0;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}
