import type { Random } from '../../base/random.ts';

export interface Picking {
  /** 0: greedy. */
  readonly temperature: number;
  /** 0: off. */
  readonly top_k: number;
  /** 1: off. */
  readonly top_p: number;
}

/**
 * Draws a token from logits [vocab] as Hugging Face's generate does: divide by the temperature, keep the
 * top_k (and what equals the last of them), then of their softmax drop the least likely ones that together
 * have at most 1 - top_p, at least one staying; draw from what is left. Of equal maxima greedy takes the first.
 */
export function pickToken(
  logits: Float32Array,
  { temperature, top_k, top_p }: Picking,
  random: Random,
): number {
  if (temperature === 0) return argmax(logits);
  const ids = candidates(logits, top_k);
  const top = logits[argmax(logits)] ?? 0;
  const weight = (id: number): number => Math.exp(((logits[id] ?? 0) - top) / temperature);
  const kept = top_p < 1 ? nucleus(ids, weight, top_p) : ids;
  let total = 0;
  for (const id of kept) total += weight(id);
  let left = random.uniform() * total;
  for (const id of kept) {
    left -= weight(id);
    if (left < 0) return id;
  }
  return argmax(logits); // only by rounding at the very end
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}

/** Ids that top_k leaves, ascending. */
function candidates(logits: Float32Array, top_k: number): number[] {
  const ids = Array.from(logits.keys());
  if (top_k === 0 || top_k >= logits.length) return ids;
  const sorted = logits.slice().sort();
  const least = sorted[sorted.length - top_k] ?? Number.NEGATIVE_INFINITY;
  return ids.filter((id) => (logits[id] ?? 0) >= least);
}

/** The most likely first, equals by id, without the tail that together has at most 1 - top_p. */
function nucleus(ids: readonly number[], weight: (id: number) => number, top_p: number): number[] {
  const ranked = ids
    .map((id) => ({ id, weight: weight(id) }))
    .sort((a, b) => b.weight - a.weight || a.id - b.id);
  const limit = (1 - top_p) * ranked.reduce((sum, item) => sum + item.weight, 0);
  let tail = 0;
  let kept = ranked.length;
  while (kept > 1) {
    tail += ranked[kept - 1]?.weight ?? 0;
    if (tail > limit) break;
    kept--;
  }
  return ranked.slice(0, kept).map(({ id }) => id);
}
