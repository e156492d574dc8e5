import { documentKind } from '../../src/protocol/sync.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';
import { TextReferences } from './text-references.ts';

/** How far references have been looked for: what came behind it may name anything. */
export interface ReferencesEnd {
  /** Of the log. */
  readonly seq: number;
  /** The newest document of the workspace. */
  readonly document: number;
}

/** Of 4 MiB at most. */
const ROWS_AT_ONCE = 50;

const nameOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;

/**
 * Every hash that some document of a workspace names, in whatever state: the bytes are searched as they are. A file that was
 * deleted and can be restored, a text that quotes a hash, a project that is in the bin: all of them keep what
 * they name. Of texts what they say is searched as well. What is no reference at all may be kept too; nothing that is
 * one is missed.
 */
export class References {
  readonly hashes = new Set<string>();
  readonly #store: Store;
  readonly #workspace: string;
  /** Documents that were searched, and what they were called then. */
  readonly #read = new Map<number, string>();
  /** Of the workspace: what is written elsewhere keeps nothing here. */
  readonly #projects = new Set<string>();
  readonly #texts = new TextReferences((text) => addHashesOf(text, this.hashes));
  /** Texts in which somebody has written meanwhile. */
  readonly #written = new Set<string>();
  #seq: number;
  #document = 0;

  private constructor(store: Store, workspace: string) {
    this.#store = store;
    this.#workspace = workspace;
    this.#seq = store.lsn;
  }

  static async of(store: Store, workspace: string): Promise<References> {
    const found = new References(store, workspace);
    for (const sha256 of await store.call('heldArtifacts', workspace)) found.hashes.add(sha256);
    for (const sha256 of await store.call('versionArtifacts', workspace)) found.hashes.add(sha256);
    await found.#readDocuments();
    return found;
  }

  get end(): ReferencesEnd {
    return { seq: this.#seq, document: this.#document };
  }

  /** Looks at what people of the workspace have written since. */
  async catchUp(): Promise<void> {
    await this.#readDocuments();
    /** Their rows are gone and may never have been seen, or a row says nothing without those before it. */
    const again = new Set<string>();
    for (let more = true; more; ) {
      const part = await this.#store.call('logAfter', { after: this.#seq, limit: ROWS_AT_ONCE });
      // A project that has come meanwhile has documents that are newer than all that were searched.
      for (const row of part.rows) {
        if (!this.#projects.has(row.project)) continue;
        addHashes(row.data, this.hashes);
        if (documentKind(row.path) !== 'text' || this.#texts.follow(row, row.data)) continue;
        this.#written.add(nameOf(row));
        again.add(nameOf(row));
      }
      for (const name of part.compacted) {
        this.#texts.forget(name);
        again.add(nameOf(name));
      }
      this.#seq = part.seq;
      more = part.more;
    }
    this.#texts.look();
    if (again.size === 0) return;
    for (const [id, name] of this.#read) if (again.has(name)) this.#read.delete(id);
    await this.#readDocuments();
  }

  /** Those that are new, or had another name when they were looked for: under that name they were not found. */
  async #readDocuments(): Promise<void> {
    for (;;) {
      const documents = await this.#store.call('documentsOf', this.#workspace);
      const unread = documents.filter((document) => this.#read.get(document.id) !== nameOf(document));
      if (unread.length === 0) return;
      for (const { project } of documents) this.#projects.add(project);
      for (const { id, project, path } of unread) {
        const stored = await this.#store.call('loadDocument', { project, path });
        const { snapshot, updates } = stored;
        for (const bytes of snapshot === null ? updates : [snapshot, ...updates])
          addHashes(bytes, this.hashes);
        const name = { project, path };
        if (documentKind(path) === 'text')
          await this.#texts.read(name, stored, this.#written.has(nameOf(name)));
        this.#read.set(id, nameOf({ project, path }));
        this.#document = Math.max(this.#document, id);
      }
    }
  }
}

/** Also those that overlap, as in a longer run of digits. */
export function addHashes(bytes: Uint8Array, into: Set<string>): void {
  addHashesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'), into);
}

function addHashesOf(text: string, into: Set<string>): void {
  for (const run of text.match(/[0-9a-f]{64,}/g) ?? []) {
    for (let at = 0; at + 64 <= run.length; at++) into.add(run.slice(at, at + 64));
  }
}
