import * as Y from 'yjs';
import { TEXT_ROOT } from '../../../src/protocol/sync.ts';
import type { Store } from '../../store/store.ts';
import type { DocumentName, WriteUnit, Written } from '../../store/write.ts';

interface Row {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** What is on the platter, for one document. */
export class SimDisk {
  epoch = 1;
  rows: Row[] = [];
  snapshot: { readonly data: Uint8Array; readonly upto: number } | null = null;
  seq = 0;

  /** What a server would read that was started now. */
  text(): string {
    const doc = new Y.Doc();
    if (this.snapshot !== null) Y.applyUpdate(doc, this.snapshot.data);
    for (const { data } of this.rows) Y.applyUpdate(doc, data);
    return doc.getText(TEXT_ROOT).toString();
  }

  /** The power failed and the disk had lied: the last rows are gone, and the server notices when it starts. */
  lose(rows: number): void {
    if (rows === 0 || this.rows.length === 0) return;
    this.rows = this.rows.slice(0, Math.max(0, this.rows.length - rows));
    this.epoch += 1;
  }
}

/** A server process' way to the disk: what it asks for is done in order, when the test says so. */
export class SimStore implements Store {
  readonly epoch: number;
  readonly #disk: SimDisk;
  #queue: (() => void)[] = [];
  #alive = true;

  constructor(disk: SimDisk) {
    this.#disk = disk;
    this.epoch = disk.epoch;
  }

  get lsn(): number {
    return this.#disk.seq;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Does so many of the things that wait. */
  work(count: number): void {
    for (const run of this.#queue.splice(0, count)) run();
  }

  kill(): void {
    this.#alive = false;
    this.#queue = [];
  }

  write(...unit: WriteUnit): Promise<Written> {
    return this.#later(() => {
      for (const write of unit) {
        if (write.kind !== 'append') throw new Error('The simulation only appends');
        this.#disk.seq += 1;
        this.#disk.rows.push({ seq: this.#disk.seq, data: write.data });
      }
      return { lsn: this.#disk.seq };
    });
  }

  /** loadDocument and compact, as requests/documents.ts says. */
  readonly call = ((name: string, input: DocumentName & { state?: Uint8Array; upto?: number }): unknown => {
    if (name === 'loadDocument') return this.#later(() => this.#load());
    if (name === 'compact') return this.#later(() => this.#compact(input.state, input.upto ?? 0));
    throw new Error(`The simulation has no ${name}`);
  }) as unknown as Store['call'];

  async backup(): Promise<void> {
    throw new Error('The simulation keeps no copies');
  }

  async scrub(): Promise<void> {}

  async close(): Promise<void> {}

  #load() {
    const { rows, snapshot, seq } = this.#disk;
    return { snapshot: snapshot?.data ?? null, updates: rows.map((row) => row.data), seq, generation: 1 };
  }

  #compact(state: Uint8Array | undefined, upto: number): null {
    const before = this.#disk.snapshot?.upto ?? -1;
    if (state === undefined || before > upto) return null;
    this.#disk.snapshot = { data: state, upto };
    this.#disk.rows = this.#disk.rows.filter((row) => row.seq > upto);
    return null;
  }

  #later<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#alive) this.#queue.push(() => resolve(work()));
    });
  }
}
