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
    const all = new Shelf();
    const spans = new Map<number, Shelf>();
    const spanOf = (moment: number) => Math.floor(moment / SPAN);
    let most = 0;
    for (const index of this.#order()) {
      const size = this.#sizes[index] as number;
      const first = this.#firsts[index] as number;
      const last = this.#lasts[index] as number;
      const [from, to] = [spanOf(first), spanOf(last)];
      // Most blocks live shortly: only those of their own time have to be looked at.
      const near = from === to ? spans.get(from) : all;
      let at = this.#fixed[index] as number;
      if (at < 0) at = near === undefined ? 0 : near.find(size, first, last);
      found(this.#ids[index] as number, at * ARENA_ALIGNMENT);
      all.put(at, size, first, last);
      for (let span = from; span <= to; span++) {
        const shelf = spans.get(span) ?? new Shelf();
        spans.set(span, shelf);
        shelf.put(at, size, first, last);
      }
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

/** Moments for which blocks are also listed by themselves, so that it takes no longer for each in long programs. */
const SPAN = 256;

type Block = readonly [start: number, end: number, birth: number, death: number];

/** So many are put into their places one by one. */
const FEW = 8;

/** Blocks that are placed, by ascending offset: where they start and end, and from when until when they live. */
class Shelf {
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #births = new Int32Array(64);
  #deaths = new Int32Array(64);
  #count = 0;
  #waiting: Block[] = [];

  /** The first gap of `size` between blocks that live at any of these moments. */
  find(size: number, first: number, last: number): number {
    this.#settle();
    const [starts, ends, births, deaths, count] = [
      this.#starts,
      this.#ends,
      this.#births,
      this.#deaths,
      this.#count,
    ];
    let at = 0;
    for (let i = 0; i < count; i++) {
      if ((deaths[i] as number) < first || (births[i] as number) > last) continue;
      if ((starts[i] as number) - at >= size) break;
      if ((ends[i] as number) > at) at = ends[i] as number;
    }
    return at;
  }

  put(at: number, size: number, first: number, last: number): void {
    this.#waiting.push([at, at + size, first, last]);
  }

  /** Brings what was put into order, when somebody looks: many at once in one go. */
  #settle(): void {
    if (this.#waiting.length > FEW) this.#rebuild();
    else for (const block of this.#waiting) this.#insert(block);
    this.#waiting = [];
  }

  #insert([start, end, birth, death]: Block): void {
    if (this.#count === this.#starts.length) this.#grow();
    let [to, most] = [0, this.#count];
    while (to < most) {
      const middle = (to + most) >> 1;
      if ((this.#starts[middle] as number) > start) most = middle;
      else to = middle + 1;
    }
    for (const list of [this.#starts, this.#ends, this.#births, this.#deaths]) {
      if (to < this.#count) list.copyWithin(to + 1, to, this.#count);
    }
    this.#starts[to] = start;
    this.#ends[to] = end;
    this.#births[to] = birth;
    this.#deaths[to] = death;
    this.#count++;
  }

  #rebuild(): void {
    const added = this.#waiting.sort((a, b) => a[0] - b[0]);
    while (this.#starts.length < this.#count + added.length) this.#grow();
    let from = this.#count - 1;
    this.#count += added.length;
    let next = added.length - 1;
    for (let to = this.#count - 1; next >= 0; to--) {
      const block = added[next] as Block;
      if (from >= 0 && (this.#starts[from] as number) > block[0]) {
        for (const list of [this.#starts, this.#ends, this.#births, this.#deaths])
          list[to] = list[from] as number;
        from--;
      } else {
        [this.#starts[to], this.#ends[to], this.#births[to], this.#deaths[to]] = block;
        next--;
      }
    }
  }

  #grow(): void {
    const larger = (list: Int32Array<ArrayBuffer>) => {
      const next = new Int32Array(2 * list.length);
      next.set(list);
      return next;
    };
    this.#starts = larger(this.#starts);
    this.#ends = larger(this.#ends);
    this.#births = larger(this.#births);
    this.#deaths = larger(this.#deaths);
  }
}

/** Both together stay below 2^53, so that a key says size and index exactly. */
const MOST_BLOCKS = 2 ** 21;
const LARGEST = 2 ** 31;
