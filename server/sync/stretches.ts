/** So many UTF-16 units in a row that one person wrote; null: nobody knows who. */
export interface Authored {
  readonly length: number;
  readonly author: string | null;
}

/** A piece of a text that begins anew, and the Yjs client that it is written as. */
export interface Stretch {
  readonly client: number;
  readonly clock: number;
  /** Offset in the text. */
  readonly start: number;
  readonly piece: string;
}

/** A document that begins anew is to be small: beyond it the shortest pieces go to their neighbours. */
const MAX_STRETCHES = 4_000;
const MAX_AUTHORS = 500;

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** A text that begins anew, cut where another person's part begins. */
export class Stretches implements Iterable<Stretch> {
  /** The client of each author. */
  readonly clients: ReadonlyMap<string, number>;
  readonly #all: readonly Stretch[];

  private constructor(all: readonly Stretch[], clients: ReadonlyMap<string, number>) {
    this.#all = all;
    this.clients = clients;
  }

  /** What nobody is known to have written is written by the client `own`. */
  static of(
    text: string,
    authored: readonly Authored[],
    { own, newClient }: { readonly own: number; readonly newClient: () => number },
  ): Stretches {
    const clients = new Map<string, number>();
    const clientOf = (author: string | null): number => {
      if (author === null) return own;
      const known = clients.get(author);
      if (known !== undefined) return known;
      if (clients.size >= MAX_AUTHORS) return own;
      const client = newClient();
      clients.set(author, client);
      return client;
    };
    const clocks = new Map<number, number>();
    const all: Stretch[] = [];
    let start = 0;
    for (const { length, author } of cut(text, authored)) {
      const client = clientOf(author);
      const clock = clocks.get(client) ?? 0;
      all.push({ client, clock, start, piece: text.slice(start, start + length) });
      clocks.set(client, clock + length);
      start += length;
    }
    return new Stretches(all, clients);
  }

  [Symbol.iterator](): Iterator<Stretch> {
    return this.#all[Symbol.iterator]();
  }

  /** The id of the text's unit at an offset; null where the text ends before it. */
  idAt(offset: number): { readonly client: number; readonly clock: number } | null {
    let [low, high] = [0, this.#all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#all[middle]?.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const stretch = this.#all[low - 1];
    if (stretch === undefined || offset < 0 || offset >= stretch.start + stretch.piece.length) return null;
    return { client: stretch.client, clock: stretch.clock + offset - stretch.start };
  }
}

/** All of the text, by author, in few enough pieces, none of which ends within a character. */
function cut(text: string, authored: readonly Authored[]): readonly Authored[] {
  let pieces = whole(text, authored);
  for (let shortest = 2; pieces.length > MAX_STRETCHES; shortest *= 2)
    pieces = joined(pieces, (piece) => piece.length < shortest);
  return pieces;
}

function whole(text: string, authored: readonly Authored[]): readonly Authored[] {
  const pieces: Authored[] = [];
  let at = 0;
  let end = 0;
  for (const { length, author } of authored) {
    end = Math.min(text.length, end + length);
    if (end < text.length && isHigh(text.charCodeAt(end - 1))) end++;
    if (end > at) pieces.push({ length: end - at, author });
    at = Math.max(at, end);
  }
  if (at < text.length) pieces.push({ length: text.length - at, author: null });
  return joined(pieces, () => false);
}

/** Neighbours of one author become one piece, and those that `yields` go to the one before. */
function joined(pieces: readonly Authored[], yields: (piece: Authored) => boolean): readonly Authored[] {
  const found: { length: number; readonly author: string | null }[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (last !== undefined && (last.author === piece.author || yields(piece))) last.length += piece.length;
    else found.push({ ...piece });
  }
  return found;
}
