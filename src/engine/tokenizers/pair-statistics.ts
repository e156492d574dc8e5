import { PairTable } from './pair-table.ts';

export interface FrequentPair {
  /** Names the pair in `merge`. */
  readonly pair: number;
  readonly first: number;
  readonly second: number;
}

/**
 * How often each pair of neighbouring tokens occurs in a set of counted words, kept up to date while pairs
 * are merged: a merge costs as much as the pair has occurrences, wherever they are, so one word of a
 * million bytes is no worse than many short ones.
 */
export class PairStatistics {
  // All words one after the other; a link of -1 ends a word, a symbol of -1 was merged away.
  readonly #symbols: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** How often the word occurs that this position is in. */
  readonly #weights: Float64Array;

  readonly #table = new PairTable(1 << 12);
  readonly #first: number[] = [];
  readonly #second: number[] = [];
  readonly #counts: number[] = [];
  /** Where the pair was ever seen; looked at again when it is merged. */
  readonly #places: number[][] = [];

  // A heap of (count, pair) as they were when pushed; popping corrects counts that fell since.
  readonly #heapCounts: number[] = [];
  readonly #heapPairs: number[] = [];
  #touched = new Set<number>();

  constructor(words: ReadonlyMap<string, number>, byteIds: Int32Array) {
    const encoder = new TextEncoder();
    const encoded: { bytes: Uint8Array; count: number }[] = [];
    let total = 0;
    for (const [word, count] of words) {
      const bytes = encoder.encode(word);
      if (bytes.length < 2) continue;
      encoded.push({ bytes, count });
      total += bytes.length;
    }
    this.#symbols = new Int32Array(total);
    this.#next = new Int32Array(total);
    this.#previous = new Int32Array(total);
    this.#weights = new Float64Array(total);
    let at = 0;
    for (const { bytes, count } of encoded) {
      for (let i = 0; i < bytes.length; i++, at++) {
        this.#symbols[at] = byteIds[bytes[i] as number] as number;
        this.#next[at] = i + 1 < bytes.length ? at + 1 : -1;
        this.#previous[at] = i > 0 ? at - 1 : -1;
        this.#weights[at] = count;
        if (i > 0) this.#add(at - 1, at);
      }
    }
    this.#pushTouched();
  }

  /** Takes out the pair of the highest count, of equals the lowest ids; null where none reaches `least`. */
  popMostFrequent(least: number): FrequentPair | null {
    while (this.#heapPairs.length > 0) {
      const stated = this.#heapCounts[0] as number;
      const pair = this.#pop();
      const count = this.#counts[pair] as number;
      if (stated !== count) {
        if (count >= least) this.#push(count, pair);
        continue;
      }
      if (count < least) return null;
      return { pair, first: this.#first[pair] as number, second: this.#second[pair] as number };
    }
    return null;
  }

  /** Joins every occurrence of the pair into the token `id`, from left to right. */
  merge(pair: number, id: number): void {
    const symbols = this.#symbols;
    const [first, second] = [this.#first[pair] as number, this.#second[pair] as number];
    const places = this.#places[pair] as number[];
    this.#places[pair] = [];
    this.#counts[pair] = 0;
    // Left to right decides what `aaa` becomes; occurrences noted by different merges may be out of order.
    places.sort((a, b) => a - b);
    for (const at of places) {
      const after = this.#next[at] as number;
      if (symbols[at] !== first || after < 0 || symbols[after] !== second) continue;
      const before = this.#previous[at] as number;
      const beyond = this.#next[after] as number;
      if (before >= 0) this.#remove(before, at, pair);
      if (beyond >= 0) this.#remove(after, beyond, pair);
      symbols[at] = id;
      symbols[after] = -1;
      this.#next[at] = beyond;
      if (beyond >= 0) this.#previous[beyond] = at;
      if (before >= 0) this.#add(before, at);
      if (beyond >= 0) this.#add(at, beyond);
    }
    this.#pushTouched();
  }

  #add(left: number, right: number): void {
    const [first, second] = [this.#symbols[left] as number, this.#symbols[right] as number];
    let pair = this.#table.get(first, second);
    if (pair < 0) {
      pair = this.#counts.length;
      this.#table.set(first, second, pair);
      this.#first.push(first);
      this.#second.push(second);
      this.#counts.push(0);
      this.#places.push([]);
    }
    this.#counts[pair] = (this.#counts[pair] as number) + (this.#weights[left] as number);
    (this.#places[pair] as number[]).push(left);
    this.#touched.add(pair);
  }

  #remove(left: number, right: number, merging: number): void {
    const pair = this.#table.get(this.#symbols[left] as number, this.#symbols[right] as number);
    // The overlap of `aaa` with itself: that count is settled already.
    if (pair === merging) return;
    this.#counts[pair] = (this.#counts[pair] as number) - (this.#weights[left] as number);
  }

  #pushTouched(): void {
    for (const pair of this.#touched) this.#push(this.#counts[pair] as number, pair);
    this.#touched = new Set();
  }

  /** Whether (count, pair) comes before another: more often, then lower ids. */
  #before(count: number, pair: number, otherCount: number, other: number): boolean {
    if (count !== otherCount) return count > otherCount;
    const first = this.#first[pair] as number;
    const otherFirst = this.#first[other] as number;
    if (first !== otherFirst) return first < otherFirst;
    return (this.#second[pair] as number) < (this.#second[other] as number);
  }

  #push(count: number, pair: number): void {
    const [counts, pairs] = [this.#heapCounts, this.#heapPairs];
    let at = counts.length;
    counts.push(count);
    pairs.push(pair);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const [aboveCount, above] = [counts[parent] as number, pairs[parent] as number];
      if (!this.#before(count, pair, aboveCount, above)) break;
      counts[at] = aboveCount;
      pairs[at] = above;
      at = parent;
    }
    counts[at] = count;
    pairs[at] = pair;
  }

  #pop(): number {
    const [counts, pairs] = [this.#heapCounts, this.#heapPairs];
    const top = pairs[0] as number;
    const count = counts.pop() as number;
    const pair = pairs.pop() as number;
    const size = counts.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const right = child + 1;
      if (
        right < size &&
        this.#before(
          counts[right] as number,
          pairs[right] as number,
          counts[child] as number,
          pairs[child] as number,
        )
      ) {
        child = right;
      }
      if (!this.#before(counts[child] as number, pairs[child] as number, count, pair)) break;
      counts[at] = counts[child] as number;
      pairs[at] = pairs[child] as number;
      at = child;
    }
    counts[at] = count;
    pairs[at] = pair;
    return top;
  }
}
