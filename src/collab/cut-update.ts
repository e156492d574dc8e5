import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { ROTATION_ROOT } from '../protocol/sync.ts';

type Struct = Y.Item | Y.GC;

/** One client's structs that follow each other without a gap, encoded. */
interface Run {
  readonly clock: number;
  end: number;
  readonly structs: Uint8Array[];
}

/**
 * Cuts an update (Yjs, V1) into several that are not much longer than `longest` bytes each. Who takes them one
 * after the other never has to let one wait for the next: structs come after those that they are placed beside,
 * deletions last, and what names retired clients as early as it can, so that no part is taken without it. A struct that is longer by itself, as a pasted book is, is cut where Yjs would split it.
 */
export function cutUpdate(update: Uint8Array, longest: number): Uint8Array[] {
  if (update.length <= longest) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const parts = new Parts(longest);
  // A gap of which the update says that it is one is one without that, too.
  const solid = structs.filter((struct) => !(struct instanceof Y.Skip));
  for (const struct of inOrder(solid)) for (const piece of pieces(struct, longest)) parts.add(piece);
  parts.close();
  for (const [client, ranges] of ds.clients)
    for (const { clock, len } of ranges) parts.remove(client, clock, len);
  parts.close();
  return parts.done;
}

class Parts {
  readonly done: Uint8Array[] = [];
  readonly #longest: number;
  readonly #runs = new Map<number, Run>();
  readonly #deletes = new Map<number, number[]>();
  #bytes = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  add(struct: Struct): void {
    const bytes = encoded(struct);
    const { client, clock } = struct.id;
    const run = this.#runs.get(client);
    const follows = run === undefined || run.end === clock;
    if (this.#bytes > 0 && (!follows || this.#bytes + bytes.length > this.#longest)) this.close();
    const open = this.#runs.get(client) ?? { clock, end: clock, structs: [] };
    this.#runs.set(client, open);
    open.structs.push(bytes);
    open.end = clock + struct.length;
    this.#bytes += bytes.length;
  }

  remove(client: number, clock: number, length: number): void {
    if (this.#bytes > this.#longest) this.close();
    const ranges = this.#deletes.get(client) ?? [];
    this.#deletes.set(client, ranges);
    ranges.push(clock, length);
    this.#bytes += RANGE_BYTES;
  }

  close(): void {
    if (this.#bytes === 0) return;
    this.done.push(
      encoding.encode((encoder) => {
        encoding.writeVarUint(encoder, this.#runs.size);
        for (const [client, { clock, structs }] of this.#runs) {
          encoding.writeVarUint(encoder, structs.length);
          encoding.writeVarUint(encoder, client);
          encoding.writeVarUint(encoder, clock);
          for (const bytes of structs) encoding.writeUint8Array(encoder, bytes);
        }
        encoding.writeVarUint(encoder, this.#deletes.size);
        for (const [client, ranges] of this.#deletes) {
          encoding.writeVarUint(encoder, client);
          encoding.writeVarUint(encoder, ranges.length / 2);
          for (const value of ranges) encoding.writeVarUint(encoder, value);
        }
      }),
    );
    this.#runs.clear();
    this.#deletes.clear();
    this.#bytes = 0;
  }
}

/** At most: a client, a clock and a length. */
const RANGE_BYTES = 16;

function encoded(struct: Struct): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  struct.write(encoder, 0);
  return encoding.toUint8Array(encoder.restEncoder);
}

/** A long text as several structs, the way Yjs itself splits one that somebody writes into. */
function* pieces(struct: Struct, longest: number): Generator<Struct> {
  const units = Math.max(2, Math.floor(longest / 3)); // of UTF-16, each at most three bytes of UTF-8
  if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString) || struct.length <= units) {
    yield struct;
    return;
  }
  const { id, origin, rightOrigin, parent, parentSub, content } = struct;
  const { client, clock } = id;
  for (let from = 0; from < content.str.length; ) {
    let to = Math.min(content.str.length, from + units);
    if (to < content.str.length && isHighSurrogate(content.str.charCodeAt(to - 1))) to -= 1;
    const left = from === 0 ? origin : Y.createID(client, clock + from - 1);
    const part = new Y.ContentString(content.str.slice(from, to));
    const at = Y.createID(client, clock + from);
    yield new Y.Item(at, null, left, null, rightOrigin, parent, parentSub, part);
    from = to;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/**
 * Each client's structs in their order, and each after those that it is placed beside, as far as they are here:
 * others the receiver has. A client that has to wait is looked at again when the one that it waits for stops.
 */
function inOrder(structs: readonly Struct[]): Struct[] {
  const byClient = new Map<number, { readonly structs: Struct[]; next: number; waiting: number[] }>();
  for (const struct of structs) {
    const known = byClient.get(struct.id.client);
    if (known === undefined) byClient.set(struct.id.client, { structs: [struct], next: 0, waiting: [] });
    else known.structs.push(struct);
  }
  const ordered: Struct[] = [];
  /** The client whose structs must come first; null where none must. */
  const blockerOf = (struct: Struct): number | null => {
    for (const { client, clock } of needsOf(struct)) {
      const other = byClient.get(client);
      const first = other?.structs[other.next];
      const last = other?.structs.at(-1);
      if (client === struct.id.client || first === undefined || last === undefined) continue;
      if (clock >= first.id.clock && clock < last.id.clock + last.length) return client;
    }
    return null;
  };
  const ready = [...byClient.keys()];
  const retiring = structs.find(namesRetired);
  if (retiring !== undefined) ready.push(retiring.id.client);
  for (let client = ready.pop(); client !== undefined; client = ready.pop()) {
    const own = byClient.get(client);
    if (own === undefined) continue;
    const before = own.next;
    for (; own.next < own.structs.length; own.next++) {
      const struct = own.structs[own.next];
      if (struct === undefined) break;
      const blocker = blockerOf(struct);
      if (blocker !== null) {
        byClient.get(blocker)?.waiting.push(client);
        break;
      }
      ordered.push(struct);
    }
    if (own.next > before) ready.push(...own.waiting.splice(0));
  }
  // None of an honest editor: what waits for each other in a circle comes last, as it is.
  for (const { structs: left, next } of byClient.values()) ordered.push(...left.slice(next));
  return ordered;
}

function namesRetired(struct: Struct): boolean {
  return struct instanceof Y.Item && (struct.parent as unknown) === ROTATION_ROOT;
}

function needsOf(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return [];
  const { origin, rightOrigin } = struct;
  const parent = struct.parent as unknown;
  return [origin, rightOrigin, parent instanceof Y.ID ? parent : null].filter((id) => id !== null);
}
