import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { type DocumentKind, isSkip, type Scan, type ScanLimits, scanUpdate } from './scan-update.ts';

interface Struct {
  readonly client: number;
  readonly clock: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  /** What it is placed beside: client and clock, one after the other. */
  readonly needs: readonly number[];
  /** It says that others were left out. */
  readonly skips: boolean;
}

/**
 * Cuts an update into smaller ones, so that a large one is applied in portions and others have their turn in
 * between. In Yjs' V1 format structs stand alone: a run of them with a head is an update. They come in an order
 * in which each finds what it builds on; what can find it nowhere comes last, as it is. What names retired clients
 * comes as early as it can: from then on it is known who they are.
 */
export class Slices {
  readonly scan: Scan;
  /** Each struct has found what it builds on. */
  readonly isWhole: boolean;
  readonly #update: Uint8Array;
  readonly #ordered: readonly Struct[];
  /** So many of them find what they build on. */
  readonly #placed: number;
  #next = 0;
  /** Client, clock and length of what is still to be deleted, last first. */
  readonly #deletes: number[] = [];

  private constructor(update: Uint8Array, scan: Scan, { ordered, left }: Ordered) {
    this.#update = update;
    this.scan = scan;
    this.isWhole = left.length === 0;
    this.#ordered = [...ordered, ...left];
    this.#placed = ordered.length;
    const { deleted } = scan;
    for (let i = deleted.length - 3; i >= 0; i -= 3) {
      const [client = 0, clock = 0, length = 0] = deleted.slice(i, i + 3);
      this.#deletes.push(length, clock, client);
    }
  }

  /** Null where the update does not hold what a document of this kind holds. */
  static of(
    update: Uint8Array,
    kind: DocumentKind,
    known: (client: number) => number,
    limits?: ScanLimits,
  ): Slices | null {
    const byClient = new Map<number, Struct[]>();
    let needs: number[] = [];
    const scanned = scanUpdate(update, kind, limits, {
      needs: (client, clock) => void needs.push(client, clock),
      struct(client, clock, length, from, to) {
        const structs = byClient.get(client) ?? [];
        structs.push({ client, clock, end: clock + length, from, to, needs, skips: isSkip(update[from]) });
        byClient.set(client, structs);
        needs = [];
      },
    });
    if (!scanned.ok) return null;
    return new Slices(update, scanned.value, inOrder(byClient, known, scanned.value.rotation?.client));
  }

  /** As an update: what is new to a document that knows so much, and finds there or here what it builds on. */
  placeable(known: (client: number) => number): Uint8Array {
    const placed = this.#ordered.slice(0, this.#placed).filter(({ client, end }) => end > known(client));
    return encoding.encode((encoder) => {
      writeStructs(encoder, this.#update, placed);
      encoding.writeUint8Array(encoder, this.#update.subarray(this.scan.deletesAt));
    });
  }

  /** The next portion, of so many structs or deleted structs of the document; null after the last. */
  next(size: number, doc: Y.Doc): Uint8Array | null {
    if (this.#next < this.#ordered.length) {
      const slice = this.#ordered.slice(this.#next, this.#next + size);
      this.#next += slice.length;
      return encodeStructs(this.#update, slice);
    }
    return this.#deletes.length === 0 ? null : encodeDeletes(this.#takeDeletes(size, doc));
  }

  #takeDeletes(size: number, doc: Y.Doc): number[] {
    const taken: number[] = [];
    let left = size;
    while (left > 0 && this.#deletes.length > 0) {
      const [length = 0, clock = 0, client = 0] = this.#deletes.splice(-3);
      const { end, structs } = reach(doc, client, clock, clock + length, left);
      left -= structs;
      taken.push(client, clock, end - clock);
      if (end < clock + length) this.#deletes.push(clock + length - end, end, client);
    }
    return taken;
  }
}

/** How far a deletion gets with so many structs of the document; all the way where it has none there. */
function reach(
  doc: Y.Doc,
  client: number,
  from: number,
  end: number,
  size: number,
): { readonly end: number; readonly structs: number } {
  const structs = doc.store.clients.get(client);
  if (structs === undefined || from >= Y.getState(doc.store, client)) return { end, structs: 1 };
  const first = Y.findIndexSS(structs, from);
  const stop = structs[first + size];
  if (stop !== undefined && stop.id.clock < end) return { end: stop.id.clock, structs: size };
  const last = end >= Y.getState(doc.store, client) ? structs.length - 1 : Y.findIndexSS(structs, end);
  return { end, structs: last - first + 1 };
}

interface Ordered {
  readonly ordered: readonly Struct[];
  /** What builds on something that is nowhere, or on one another. */
  readonly left: readonly Struct[];
}

/**
 * Each client's structs in their order, and each after those that it is placed beside. A struct that has to wait
 * is looked at again when the one that it waits for has its place, and not before: however an update is built,
 * this takes time in proportion to its length.
 */
function inOrder(
  byClient: ReadonlyMap<number, readonly Struct[]>,
  known: (client: number) => number,
  first?: number,
): Ordered {
  const ordered: Struct[] = [];
  const reached = new Map<number, number>();
  const done = new Map<number, number>();
  const waiting = new Map<Struct, number[]>();
  const reach = (client: number): number => reached.get(client) ?? known(client);
  /** The struct that must come before this one; null where none must, undefined where none can. */
  const blockerOf = ({ client, clock, end, needs, skips }: Struct): Struct | null | undefined => {
    if (clock > reach(client) || (skips && end > known(client))) return undefined;
    for (let i = 0; i < needs.length; i += 2) {
      const [other = 0, at = 0] = needs.slice(i, i + 2);
      if (at >= reach(other)) return structAt(byClient.get(other) ?? [], at);
    }
    return null;
  };
  const ready = [...byClient.keys()];
  if (first !== undefined) ready.push(first);
  for (let client = ready.pop(); client !== undefined; client = ready.pop()) {
    const structs = byClient.get(client) ?? [];
    for (let at = done.get(client) ?? 0; at < structs.length; at++) {
      const struct = structs[at];
      if (struct === undefined) break;
      const blocker = blockerOf(struct);
      if (blocker !== null) {
        if (blocker === undefined) break;
        const others = waiting.get(blocker);
        if (others === undefined) waiting.set(blocker, [client]);
        else others.push(client);
        break;
      }
      ordered.push(struct);
      done.set(client, at + 1);
      reached.set(client, Math.max(struct.end, reach(client)));
      for (const waiter of waiting.get(struct) ?? []) ready.push(waiter);
      waiting.delete(struct);
    }
  }
  const left = [...byClient].flatMap(([client, structs]) => structs.slice(done.get(client) ?? 0));
  return { ordered, left };
}

/** The struct that holds a clock; undefined where none does. */
function structAt(structs: readonly Struct[], clock: number): Struct | undefined {
  let [low, high] = [0, structs.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const struct = structs[middle];
    if (struct === undefined) return undefined;
    if (clock < struct.clock) high = middle - 1;
    else if (clock >= struct.end) low = middle + 1;
    else return struct;
  }
  return undefined;
}

function encodeStructs(update: Uint8Array, structs: readonly Struct[]): Uint8Array {
  return encoding.encode((encoder) => {
    writeStructs(encoder, update, structs);
    encoding.writeVarUint(encoder, 0);
  });
}

/** Of each client they follow one another. */
function writeStructs(encoder: encoding.Encoder, update: Uint8Array, structs: readonly Struct[]): void {
  const byClient = new Map<number, Struct[]>();
  for (const struct of structs) {
    const run = byClient.get(struct.client);
    if (run === undefined) byClient.set(struct.client, [struct]);
    else run.push(struct);
  }
  encoding.writeVarUint(encoder, byClient.size);
  for (const [client, run] of byClient) {
    encoding.writeVarUint(encoder, run.length);
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, run[0]?.clock ?? 0);
    for (const { from, to } of run) encoding.writeUint8Array(encoder, update.subarray(from, to));
  }
}

function encodeDeletes(deletes: readonly number[]): Uint8Array {
  const byClient = new Map<number, number[]>();
  for (let i = 0; i < deletes.length; i += 3) {
    const [client = 0, clock = 0, length = 0] = deletes.slice(i, i + 3);
    const ranges = byClient.get(client) ?? [];
    ranges.push(clock, length);
    byClient.set(client, ranges);
  }
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, byClient.size);
    for (const [client, ranges] of byClient) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, ranges.length / 2);
      for (const value of ranges) encoding.writeVarUint(encoder, value);
    }
  });
}
