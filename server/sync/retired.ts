import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** The latest are remembered. An editor that was away for longer than so many others is taken for a new one. */
const MAX_RETIRED = 8_000;
/** Lists of the first version begin with how many they hold, which was never none. */
const GROUPED = 0;
const LONGEST = 2 ** 32;
/** Of a client's varUint, and of what says how many follow. */
const MOST_BYTES = 16;

/** Yjs clients of generations that are over: in memory for as long as the document is, so in few bytes each. */
export class Retired implements Iterable<number> {
  static readonly none = new Retired([]);
  readonly #sorted: Uint32Array | Float64Array;

  constructor(clients: Iterable<number>) {
    const unique = [...new Set(clients)];
    const fits = unique.every((client) => client < LONGEST); // only hostile ones are longer
    this.#sorted = (fits ? Uint32Array : Float64Array).from(unique).sort();
  }

  get size(): number {
    return this.#sorted.length;
  }

  has(client: number): boolean {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < client) low = middle + 1;
      else high = middle;
    }
    return this.#sorted[low] === client;
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#sorted[Symbol.iterator]();
  }
}

/** Generations of clients, the latest first: as many of the latest clients as are remembered. */
export function packRetired(generations: readonly (readonly number[])[]): Uint8Array {
  const kept: number[][] = [];
  let room = MAX_RETIRED;
  for (const generation of generations) {
    if (room === 0) break;
    const some = generation.slice(0, room);
    room -= some.length;
    if (some.length > 0) kept.push(some.sort((a, b) => a - b));
  }
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, GROUPED);
    for (const generation of kept) {
      encoding.writeVarUint(encoder, generation.length);
      let before = 0;
      for (const client of generation) {
        encoding.writeVarUint(encoder, client - before); // sorted: three bytes each instead of five
        before = client;
      }
    }
  });
}

/** Who is retired, as a stranger says; null where it is no list that the server would have written. */
export function retiredAsSaid(bytes: Uint8Array): Retired | null {
  if (bytes.length > MOST_BYTES * MAX_RETIRED) return null;
  try {
    const clients = unpackRetired(bytes).flat();
    return clients.length > MAX_RETIRED ? null : new Retired(clients);
  } catch {
    return null;
  }
}

export function unpackRetired(bytes: Uint8Array): number[][] {
  const decoder = decoding.createDecoder(bytes);
  /** Each is a byte or more: a count beyond that is not believed, it would only make room for so many. */
  const clients = (count: number, next: () => number): number[] =>
    Array.from({ length: Math.min(count, bytes.length) }, next);
  const first = decoding.readVarUint(decoder);
  if (first !== GROUPED) return [clients(first, () => decoding.readVarUint(decoder))];
  const generations: number[][] = [];
  while (decoding.hasContent(decoder)) {
    let before = 0;
    const count = decoding.readVarUint(decoder);
    generations.push(clients(count, () => (before += decoding.readVarUint(decoder))));
  }
  return generations;
}
