import type { AnnealError } from '../../src/base/error.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import { type DocumentKind, FILES_ROOT, ROTATION_ROOT, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { Cursor, MalformedBytes } from './cursor.ts';
import { RETIRED } from './rotation.ts';

/**
 * Reads an update of Yjs' V1 format without Yjs, before Yjs may see it. Yjs believes the counts in an update:
 * seven bytes make it allocate 240 MB, 124 KB can block it for seconds (yjs #687). Here every count is walked,
 * not believed, and a document holds only what its kind needs.
 */

export type { DocumentKind };

export interface ScanLimits {
  readonly structs: number;
  readonly clients: number;
  readonly deletes: number;
  /** Values within JSON, in all entries together. */
  readonly values: number;
  /** It comes from our own store: it may hold what only the server writes. */
  readonly isOurs?: boolean;
}

/** Hears of every struct where an update is to be cut; offsets are bytes in the update. */
export interface StructSink {
  struct(client: number, clock: number, length: number, from: number, to: number): void;
  /** The struct that comes next cannot be placed before this one is. */
  needs(client: number, clock: number): void;
}

/** The largest honest update is a whole document (limits.ts), sent to a server that has lost its own. */
export const defaultScanLimits: ScanLimits = {
  structs: 50_000,
  clients: 4_000,
  deletes: 100_000,
  values: 100_000,
};

/** What was stored is ours, however much it is. */
export const storedLimits: ScanLimits = {
  structs: Number.POSITIVE_INFINITY,
  clients: Number.POSITIVE_INFINITY,
  deletes: Number.POSITIVE_INFINITY,
  values: Number.POSITIVE_INFINITY,
  isOurs: true,
};

export interface Rotation {
  readonly client: number;
  readonly clock: number;
  /** Packed, as it says. */
  readonly retired: Uint8Array;
}

export interface Scan {
  readonly structs: number;
  readonly clients: number;
  readonly deletes: number;
  /** Whether the new text holds a carriage return, which the shared text may not. */
  readonly carriageReturn: boolean;
  /** UTF-16 units of text and JSON values that it brings. */
  readonly length: number;
  /** What each client's structs go from and to (clocks, end excluded), and how many they are. */
  readonly ranges: ReadonlyMap<
    number,
    { readonly from: number; readonly to: number; readonly structs: number }
  >;
  /** For each client the clock up to which it must be known for all of the update to take effect. */
  readonly needs: ReadonlyMap<number, number>;
  /** Structs were left out in the middle; it can only take effect after another update. */
  readonly skips: boolean;
  /** The struct that names retired clients (rotation.ts), if there is one. */
  readonly rotation: Rotation | null;
  /** What it deletes: client, clock and length, one after the other. */
  readonly deleted: readonly number[];
  /** Where in the update its deletions begin, after all structs. */
  readonly deletesAt: number;
}

const Content = { gc: 0, deleted: 1, binary: 3, string: 4, any: 8, skip: 10 } as const;
const HAS_PARENT_KEY = 0x20;
const HAS_RIGHT_ORIGIN = 0x40;
const HAS_ORIGIN = 0x80;
const MAX_CLOCK = 2 ** 40;
const MAX_DEPTH = 16;

export function scanUpdate(
  update: Uint8Array,
  kind: DocumentKind,
  limits: ScanLimits = defaultScanLimits,
  sink: StructSink | null = null,
): Result<Scan, AnnealError> {
  try {
    return ok(new Scanner(update, kind, limits, sink).scan());
  } catch (error) {
    if (error instanceof Refused) return err(serverErrors[error.reason]({ message: error.message }));
    if (error instanceof MalformedBytes) {
      return err(
        serverErrors.malformedUpdate({ message: `${serverErrors.malformedUpdate.title}: ${error.message}` }),
      );
    }
    throw error;
  }
}

type Reason = 'malformedUpdate' | 'hostileUpdate' | 'wrongContent';

class Refused extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

class Scanner {
  readonly #in: Cursor;
  readonly #kind: DocumentKind;
  readonly #limits: ScanLimits;
  readonly #ranges = new Map<number, { from: number; to: number; structs: number }>();
  readonly #needs = new Map<number, number>();
  readonly #deleted: number[] = [];
  #structs = 0;
  #deletes = 0;
  #length = 0;
  #carriageReturn = false;
  #skips = false;

  readonly #sink: StructSink | null;
  #values = 0;
  #rotation: Rotation | null = null;
  #retired: Uint8Array = new Uint8Array();
  /** The struct that is being read is that one. */
  #rotates = false;

  constructor(update: Uint8Array, kind: DocumentKind, limits: ScanLimits, sink: StructSink | null) {
    this.#sink = sink;
    this.#in = new Cursor(update);
    this.#kind = kind;
    this.#limits = limits;
  }

  scan(): Scan {
    const clients = this.#in.varUint();
    this.#limit(clients, 'clients');
    for (let i = 0; i < clients; i++) this.#clientStructs();
    const deletesAt = this.#in.position;
    this.#deleteSet();
    if (!this.#in.done) throw new MalformedBytes('there are bytes after its end');
    return {
      structs: this.#structs,
      clients,
      deletes: this.#deletes,
      carriageReturn: this.#carriageReturn,
      length: this.#length,
      ranges: this.#ranges,
      needs: this.#needs,
      skips: this.#skips,
      deleted: this.#deleted,
      deletesAt,
      rotation: this.#rotation,
    };
  }

  #clientStructs(): void {
    const count = this.#in.varUint();
    this.#structs += count;
    this.#limit(this.#structs, 'structs');
    const client = this.#in.varUint();
    const from = this.#in.varUint();
    if (count === 0) throw new Refused('malformedUpdate', 'The update names a client without any struct');
    if (this.#ranges.has(client)) throw new Refused('malformedUpdate', 'The update names a client twice');
    let clock = from;
    for (let i = 0; i < count; i++) {
      const start = this.#in.position;
      this.#rotates = false;
      const length = this.#struct();
      if (this.#rotates) {
        if (this.#rotation !== null)
          throw new Refused('wrongContent', 'The update names twice who is retired');
        this.#rotation = { client, clock, retired: this.#retired };
      }
      this.#sink?.struct(client, clock, length, start, this.#in.position);
      if (length === 0) throw new Refused('malformedUpdate', 'The update holds an empty struct');
      clock += length;
      if (clock > MAX_CLOCK)
        throw new Refused('hostileUpdate', 'The update counts further than any editor does');
    }
    this.#ranges.set(client, { from, to: clock, structs: count });
    this.#need(client, from);
  }

  /** Answers with the struct's length in clock ticks. */
  #struct(): number {
    const info = this.#in.uint8();
    const content = info & 0x1f;
    if (content === Content.gc) return this.#in.varUint();
    if (content === Content.skip) {
      this.#skips = true;
      return this.#in.varUint();
    }
    if ((info & HAS_ORIGIN) !== 0) this.#identifier();
    if ((info & HAS_RIGHT_ORIGIN) !== 0) this.#identifier();
    if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) this.#parent(info);
    return this.#content(content);
  }

  #identifier(): void {
    const client = this.#in.varUint();
    const clock = this.#in.varUint();
    this.#need(client, clock + 1);
    this.#sink?.needs(client, clock);
  }

  #parent(info: number): void {
    if (this.#limits.isOurs === true) {
      if (this.#in.varUint() !== 1)
        throw new Refused('wrongContent', 'What is within something else is not cut');
      this.#in.varString();
      if ((info & HAS_PARENT_KEY) !== 0) this.#in.varString();
      return;
    }
    if (this.#kind === 'review')
      throw new Refused('wrongContent', 'The server alone writes into this document');
    const root = this.#kind === 'text' ? TEXT_ROOT : FILES_ROOT;
    const isRoot = this.#in.varUint() === 1;
    const name = isRoot ? this.#in.varString() : null;
    if (name === ROTATION_ROOT && (info & HAS_PARENT_KEY) !== 0 && this.#in.varString() === RETIRED) {
      this.#rotates = true;
      return;
    }
    if (name !== root) {
      throw new Refused('wrongContent', `The document holds nothing but its root "${root}"`);
    }
    if ((info & HAS_PARENT_KEY) === 0) {
      if (this.#kind === 'project')
        throw new Refused('wrongContent', "An entry of the project's document needs a key");
      return;
    }
    if (this.#kind === 'text') throw new Refused('wrongContent', 'A shared text has no keys');
    this.#in.varString();
  }

  #content(content: number): number {
    if (content === Content.deleted) return this.#in.varUint();
    if (content === Content.string && this.#kind === 'text') {
      const text = this.#in.varString();
      this.#carriageReturn ||= text.includes('\r');
      this.#length += text.length;
      return text.length;
    }
    if (content === Content.binary && (this.#rotates || this.#limits.isOurs === true)) {
      this.#retired = this.#in.varBytes();
      return 1;
    }
    if (this.#rotates) throw new Refused('wrongContent', 'The server alone names who is retired');
    if (content === Content.any && this.#kind === 'project') {
      const count = this.#in.varUint();
      for (let i = 0; i < count; i++) this.#any(0);
      return count;
    }
    throw new Refused('wrongContent', `The document may not hold content of type ${content}`);
  }

  /** A JSON-like value in lib0's encoding. */
  #any(depth: number): void {
    if (depth > MAX_DEPTH) throw new Refused('hostileUpdate', 'A value is nested deeper than any entry is');
    this.#length++;
    this.#limit(++this.#values, 'values');
    const type = this.#in.uint8();
    switch (type) {
      case 127: // undefined
      case 126: // null
      case 121: // false
      case 120: // true
        return;
      case 125:
        this.#in.skipVarInt();
        return;
      case 124: // float32
        this.#in.bytes(4);
        return;
      case 123: // float64
      case 122: // bigint
        this.#in.bytes(8);
        return;
      case 119:
        this.#length += this.#in.varString().length;
        return;
      case 118: {
        const size = this.#in.varUint();
        for (let i = 0; i < size; i++) {
          if (this.#in.varString() === '__proto__')
            throw new Refused('hostileUpdate', 'A value may not set its prototype');
          this.#any(depth + 1);
        }
        return;
      }
      case 117: {
        const size = this.#in.varUint();
        for (let i = 0; i < size; i++) this.#any(depth + 1);
        return;
      }
      case 116:
        this.#length += this.#in.varBytes().length;
        return;
      default:
        throw new MalformedBytes(`there is no value of type ${type}`);
    }
  }

  #deleteSet(): void {
    const clients = this.#in.varUint();
    this.#limit(clients, 'clients');
    const seen = new Set<number>();
    for (let i = 0; i < clients; i++) {
      const client = this.#in.varUint();
      if (seen.has(client)) throw new Refused('malformedUpdate', 'The update names a client twice');
      seen.add(client);
      const count = this.#in.varUint();
      this.#deletes += count;
      this.#limit(this.#deletes, 'deletes');
      if (count === 0) this.#refuseDeletes('The update names a client without anything to delete');
      let reached = 0;
      for (let k = 0; k < count; k++) {
        const clock = this.#in.varUint();
        const length = this.#in.varUint();
        if (clock + length > MAX_CLOCK)
          throw new Refused('hostileUpdate', 'The update counts further than any editor does');
        if (length === 0) this.#refuseDeletes('The update deletes an empty range');
        // Editors sort and merge them. What overlaps would be looked at once for every range that covers it.
        if (clock < reached) this.#refuseDeletes('The update deletes the same twice, or in no order');
        reached = clock + length;
        this.#deleted.push(client, clock, length);
        this.#need(client, clock + length);
      }
    }
  }

  /** What is stored already may be older than this rule. */
  #refuseDeletes(why: string): void {
    if (this.#limits.isOurs !== true) throw new Refused('malformedUpdate', why);
  }

  #need(client: number, clock: number): void {
    if (clock > (this.#needs.get(client) ?? 0)) this.#needs.set(client, clock);
  }

  #limit(count: number, what: Exclude<keyof ScanLimits, 'isOurs'>): void {
    if (count > this.#limits[what]) {
      throw new Refused(
        'hostileUpdate',
        `The update holds ${count} ${what}; at most ${this.#limits[what]} are read`,
      );
    }
  }
}

/** Whether a struct, of which this is the first byte, only says that others were left out. */
export const isSkip = (info: number | undefined): boolean => ((info ?? 0) & 0x1f) === Content.skip;

/**
 * Whether part of an update would have to wait for another: it refers to what neither the document nor the
 * update itself has. `known` is the document's clock for a client.
 */
export function hasGaps(scan: Scan, known: (client: number) => number): boolean {
  if (scan.skips) return true;
  for (const [client, clock] of scan.needs) {
    const range = scan.ranges.get(client);
    const start = known(client);
    const reach = range !== undefined && range.from <= start ? Math.max(range.to, start) : start;
    if (clock > reach) return true;
  }
  return false;
}
