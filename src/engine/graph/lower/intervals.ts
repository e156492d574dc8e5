import { ARENA_ALIGNMENT } from '../arena.ts';

/**
 * Offsets for blocks whose lifetimes are all known: large ones first, each into the first gap that it
 * fits between blocks that live at the same time, else behind them. Sizes and offsets are in units of
 * `ARENA_ALIGNMENT` bytes, so that they are small integers.
 */
export class Packer {
  readonly #ids: number[] = [];
  readonly #sizes: number[] = [];
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];
  /** -1 where it is free. */
  readonly #fixed: number[] = [];

  /** A block of `bytes`, aligned, that is held from one moment to another, both included; `at`: where it has to be. */
  add(id: number, bytes: number, first: number, last: number, at: number | undefined): void {
    this.#ids.push(id);
    this.#sizes.push(bytes / ARENA_ALIGNMENT);
    this.#firsts.push(first);
    this.#lasts.push(last);
    this.#fixed.push(at === undefined ? -1 : at / ARENA_ALIGNMENT);
  }

  /** Calls `found` with the offset of each block, in bytes; returns the bytes that hold them all. */
  pack(found: (id: number, offset: number) => void): number {
    const count = this.#ids.length;
    // Those that are placed, by ascending offset: where they start and end, and from when until when they live.
    const starts = new Int32Array(count);
    const ends = new Int32Array(count);
    const births = new Int32Array(count);
    const deaths = new Int32Array(count);
    let placed = 0;
    let most = 0;
    for (const index of this.#order()) {
      const size = this.#sizes[index] as number;
      const first = this.#firsts[index] as number;
      const last = this.#lasts[index] as number;
      let at = this.#fixed[index] as number;
      if (at < 0) {
        at = 0;
        for (let i = 0; i < placed; i++) {
          if ((deaths[i] as number) < first || (births[i] as number) > last) continue;
          if ((starts[i] as number) - at >= size) break;
          if ((ends[i] as number) > at) at = ends[i] as number;
        }
      }
      found(this.#ids[index] as number, at * ARENA_ALIGNMENT);
      let to = placed;
      while (to > 0 && (starts[to - 1] as number) > at) to--;
      if (to < placed) {
        starts.copyWithin(to + 1, to, placed);
        ends.copyWithin(to + 1, to, placed);
        births.copyWithin(to + 1, to, placed);
        deaths.copyWithin(to + 1, to, placed);
      }
      starts[to] = at;
      ends[to] = at + size;
      births[to] = first;
      deaths[to] = last;
      placed++;
      if (at + size > most) most = at + size;
    }
    return most * ARENA_ALIGNMENT;
  }

  /** Fixed blocks first, then by size, the largest first, then in the order in which they were added. */
  #order(): Float64Array {
    const keys = new Float64Array(this.#ids.length);
    for (let i = 0; i < keys.length; i++) {
      const rank = (this.#fixed[i] as number) >= 0 ? 0 : LARGEST - (this.#sizes[i] as number);
      keys[i] = rank * MOST_BLOCKS + i;
    }
    keys.sort();
    for (let i = 0; i < keys.length; i++) keys[i] = (keys[i] as number) % MOST_BLOCKS;
    return keys;
  }
}

/** Both together stay below 2^53, so that a key says size and index exactly. */
const MOST_BLOCKS = 2 ** 21;
const LARGEST = 2 ** 31;
