import * as Y from 'yjs';
import { TEXT_ROOT } from '../../../src/protocol/sync.ts';
import { serverErrors } from '../../errors.ts';
import type { LogPart, StoredDocument } from '../../store/requests/documents.ts';
import type { DocumentName, Write, WriteUnit, Written } from '../../store/write.ts';

interface Row {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** What is on the platter, for one document: what store/requests/documents.ts says, in memory. */
export class SimDisk {
  epoch = 1;
  rows: Row[] = [];
  snapshot: { readonly data: Uint8Array; readonly upto: number } | null = null;
  seq = 0;
  generation: number | null = null;
  /** How often it has begun anew. */
  rotations = 0;
  readonly #name: DocumentName;

  constructor(name: DocumentName) {
    this.#name = name;
  }

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

  write(unit: WriteUnit): Written {
    if (!unit.every((write) => this.#isCurrent(write))) throw serverErrors.documentReplaced();
    for (const write of unit) {
      this.seq += 1;
      if (write.kind === 'append') {
        this.generation ??= write.generation;
        this.rows.push({ seq: this.seq, data: write.data });
      } else if (write.kind === 'rotate') {
        this.generation = write.next;
        this.snapshot = { data: write.data, upto: this.seq };
        this.rows = [];
        this.rotations += 1;
      }
    }
    return { lsn: this.seq };
  }

  load(after = -1): StoredDocument {
    const snapshot = this.snapshot !== null && this.snapshot.upto > after ? this.snapshot.data : null;
    const updates = this.rows.filter(({ seq }) => seq > after).map(({ data }) => data);
    return { snapshot, updates, seq: this.seq, generation: this.generation };
  }

  logAfter(after: number): LogPart {
    const life = { ...this.#name, generation: this.generation ?? 0 };
    const rows = this.rows.filter(({ seq }) => seq > after).map(({ data }) => ({ ...life, data }));
    const compacted = this.snapshot !== null && this.snapshot.upto > after ? [life] : [];
    return { rows, compacted, seq: Math.max(after, this.seq), more: false };
  }

  compact(state: Uint8Array, upto: number, generation: number): null {
    if (this.generation !== generation) throw serverErrors.documentReplaced();
    if ((this.snapshot?.upto ?? -1) > upto) return null;
    this.snapshot = { data: state, upto };
    this.rows = this.rows.filter((row) => row.seq > upto);
    return null;
  }

  #isCurrent(write: Write): boolean {
    if (write.kind !== 'append' && write.kind !== 'rotate')
      throw new Error('The simulation has no such write');
    if (this.generation === null) return write.kind === 'append' && write.creates;
    if (this.generation !== write.generation) return false;
    if (write.kind === 'append') return true;
    return (this.snapshot?.upto ?? 0) <= write.upto && (this.rows.at(-1)?.seq ?? 0) <= write.upto;
  }
}
