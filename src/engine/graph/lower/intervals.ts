/**
 * Offsets for blocks whose lifetimes are all known: large ones first, each into the first gap that it
 * fits between blocks that live at the same time, else behind them.
 */
export interface Block {
  /** Bytes, aligned. */
  readonly size: number;
  /** First and last moment at which it is held, both included. */
  readonly first: number;
  readonly last: number;
  /** Where it has to be; null where that is free. */
  readonly fixed: number | null;
}

export interface Packing {
  readonly offsets: readonly number[];
  readonly bytes: number;
}

export function pack(blocks: readonly Block[]): Packing {
  const offsets = new Array<number>(blocks.length).fill(0);
  const order = blocks
    .map((_, i) => i)
    .sort((a, b) => compare(blocks[a] as Block, blocks[b] as Block) || a - b);
  // Those that are placed, by ascending offset: where they start and end, and from when until when they live.
  const starts = new Float64Array(blocks.length);
  const ends = new Float64Array(blocks.length);
  const births = new Int32Array(blocks.length);
  const deaths = new Int32Array(blocks.length);
  let count = 0;
  let bytes = 0;
  for (const index of order) {
    const { size, first, last, fixed } = blocks[index] as Block;
    let at = fixed ?? -1;
    if (fixed === null) {
      let reached = 0;
      for (let i = 0; i < count; i++) {
        if ((deaths[i] as number) < first || (births[i] as number) > last) continue;
        if ((starts[i] as number) - reached >= size) {
          at = reached;
          break;
        }
        if ((ends[i] as number) > reached) reached = ends[i] as number;
      }
      if (at < 0) at = reached;
    }
    offsets[index] = at;
    let to = count;
    while (to > 0 && (starts[to - 1] as number) > at) to--;
    if (to < count) {
      starts.copyWithin(to + 1, to, count);
      ends.copyWithin(to + 1, to, count);
      births.copyWithin(to + 1, to, count);
      deaths.copyWithin(to + 1, to, count);
    }
    starts[to] = at;
    ends[to] = at + size;
    births[to] = first;
    deaths[to] = last;
    count++;
    if (at + size > bytes) bytes = at + size;
  }
  return { offsets, bytes };
}

/** Fixed ones first, then by size, then the longest-lived. */
function compare(a: Block, b: Block): number {
  if ((a.fixed === null) !== (b.fixed === null)) return a.fixed === null ? 1 : -1;
  return b.size - a.size || b.last - b.first - (a.last - a.first);
}
