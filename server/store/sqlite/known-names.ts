import type { DatabaseSync } from 'node:sqlite';
import type { DocumentName } from '../write.ts';

/** 256 KiB: with 100,000 documents one name in a hundred is looked for in vain. */
const BITS = 1 << 21;
/** With more than this most bits would be set, and filling them would hold up the start. */
const AT_MOST = 500_000;
const [FIRST, SECOND] = [0x811c9dc5, 0x9747b28c];

/**
 * Names under which a document may be stored, as a Bloom filter in memory that the threads share: whoever begins a
 * new one need not wait for a thread that looks for it. The thread that writes adds a name before it commits; none is
 * ever taken out, so a name that is not in here is not in the database.
 */
export class KnownNames {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(shared = new SharedArrayBuffer(BITS / 8)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  /** Of a database that this connection alone writes: all that are there, and from now on all that come. */
  static of(database: DatabaseSync): KnownNames {
    const names = new KnownNames();
    const add = (project: unknown, path: unknown): null => {
      names.add({ project: String(project), path: String(path) });
      return null;
    };
    database.function('know_document', add);
    // Whatever makes or names a document, in a request of today or of tomorrow.
    database.exec(`
      create temp trigger document_made after insert on main.documents
        begin select know_document(new.project, new.path); end;
      create temp trigger document_named after update of project, path on main.documents
        begin select know_document(new.project, new.path); end;`);
    const count = Number(database.prepare('select count(*) as count from documents').get()?.count);
    if (count > AT_MOST) names.#words.fill(-1);
    else
      for (const row of database.prepare('select project, path from documents').iterate())
        add(row.project, row.path);
    return names;
  }

  add(name: DocumentName): void {
    for (const bit of bitsOf(name)) Atomics.or(this.#words, bit >>> 5, 1 << (bit & 31));
  }

  /** False only where no document of this name was committed before. */
  mayHave(name: DocumentName): boolean {
    return bitsOf(name).every((bit) => (Atomics.load(this.#words, bit >>> 5) & (1 << (bit & 31))) !== 0);
  }
}

function bitsOf({ project, path }: DocumentName): readonly number[] {
  const name = `${project}\n${path}`;
  return [hash(name, FIRST) % BITS, hash(name, SECOND) % BITS];
}

/** FNV-1a over UTF-16 units (Fowler, Noll, Vo), its bits mixed at the end as in MurmurHash3. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
