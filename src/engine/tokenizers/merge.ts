import type { PairTable } from './pair-table.ts';

/** What merging needs: the rank of a pair (earlier merges first), and the token that each rank makes. */
export interface Merges {
  readonly ranks: PairTable;
  readonly results: Int32Array;
}

// Below this many symbols, looking at every pair each time beats a heap.
const SHORT = 40;

/**
 * Merges symbols in place: always the pair of lowest rank, the leftmost of equals, until none is left.
 * Returns how many symbols remain. n log n for n symbols, so that a text without a space is no trap.
 */
export function mergeSymbols(symbols: Int32Array, length: number, merges: Merges): number {
  return length <= SHORT ? mergeByScanning(symbols, length, merges) : mergeByHeap(symbols, length, merges);
}

function mergeByScanning(symbols: Int32Array, length: number, { ranks, results }: Merges): number {
  let left = length;
  while (left > 1) {
    let best = -1;
    let bestAt = -1;
    for (let i = 0; i + 1 < left; i++) {
      const rank = ranks.get(symbols[i] as number, symbols[i + 1] as number);
      if (rank >= 0 && (best < 0 || rank < best)) {
        best = rank;
        bestAt = i;
      }
    }
    if (best < 0) break;
    symbols[bestAt] = results[best] as number;
    symbols.copyWithin(bestAt + 1, bestAt + 2, left);
    left--;
  }
  return left;
}

// A heap entry is rank * POSITIONS + position: exact in a double for ranks below 2^22.
const POSITIONS = 2 ** 31;

function mergeByHeap(symbols: Int32Array, length: number, { ranks, results }: Merges): number {
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  const heap = new MinHeap(length);
  const offer = (at: number): void => {
    const second = next[at] as number;
    if (second >= length) return;
    const rank = ranks.get(symbols[at] as number, symbols[second] as number);
    if (rank >= 0) heap.push(rank * POSITIONS + at);
  };
  for (let i = 0; i < length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (let i = 0; i < length; i++) offer(i);
  while (heap.size > 0) {
    const entry = heap.pop();
    const rank = Math.floor(entry / POSITIONS);
    const at = entry - rank * POSITIONS;
    const second = next[at] as number;
    // A symbol that was merged away is -1; an entry whose pair has changed since has another rank.
    if (second >= length || (symbols[at] as number) < 0) continue;
    if (ranks.get(symbols[at] as number, symbols[second] as number) !== rank) continue;
    symbols[at] = results[rank] as number;
    symbols[second] = -1;
    const after = next[second] as number;
    next[at] = after;
    if (after < length) previous[after] = at;
    offer(at);
    const before = previous[at] as number;
    if (before >= 0) offer(before);
  }
  let left = 0;
  for (let at = 0; at < length; at = next[at] as number) symbols[left++] = symbols[at] as number;
  return left;
}

class MinHeap {
  size = 0;
  #items: Float64Array;

  constructor(capacity: number) {
    this.#items = new Float64Array(Math.max(16, capacity));
  }

  push(item: number): void {
    if (this.size === this.#items.length) {
      const grown = new Float64Array(this.size * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    const items = this.#items;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as number;
      if (above <= item) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0] as number;
    const item = items[--this.size] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && (items[child + 1] as number) < (items[child] as number)) child++;
      const below = items[child] as number;
      if (below >= item) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
    return top;
  }
}
