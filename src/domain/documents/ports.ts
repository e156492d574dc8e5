/** Where shared documents are kept on this machine. Updates are opaque bytes here (Yjs, V1 format). */

/** Which life of a server's log this is, and how far it had come; see src/protocol/sync.ts. */
export interface ServerMark {
  readonly epoch: number;
  readonly lsn: number;
}

export interface StoredDocument {
  /** In the order in which they were written; applying one twice changes nothing. */
  readonly updates: readonly Uint8Array<ArrayBuffer>[];
  /**
   * The state vector that the server last said to have on disk; null while it never did. Tells a server
   * that is behind from one that has another document under the same name.
   */
  readonly acknowledged: Uint8Array<ArrayBuffer> | null;
  /** Where the server's log was then. */
  readonly server: ServerMark | null;
  /** Yjs clients that wrote here what the server is not known to have. */
  readonly unsaved: readonly number[];
}

/** All of this is on the server's disk. */
export interface Acknowledged {
  readonly vector: Uint8Array;
  /** Null where it is not known which server's: it counts as not on any. */
  readonly server: ServerMark | null;
  /** Yjs clients all of whose edits are among it. */
  readonly authors: readonly number[];
}

/** Says which of these stored updates, all of one room, are meant. */
export type Which = (updates: readonly Uint8Array[]) => ReadonlySet<Uint8Array>;

export interface DocumentStore {
  load(room: string): Promise<StoredDocument>;
  /**
   * Resolves when the bytes are on disk. Several pages may append to one room. `author` is the Yjs client of an
   * edit that was made here and is not known to be on the server; null for what came from elsewhere.
   */
  append(room: string, update: Uint8Array, author: number | null): Promise<void>;
  acknowledge(room: string, acknowledged: Acknowledged): Promise<void>;
  /**
   * Appends while the page ends: what is on its way before this returns is found by the next page. Resolves as `append`
   * does, where the page lives on.
   */
  leave(room: string, update: Uint8Array, author: number | null): Promise<void>;
  /** Replaces the updates by the one that `merge` makes of them, at once or not at all. */
  compact(room: string, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void>;
  /** Gives the room's content another name, under which nothing connects; with `which` only those of its updates. */
  setAside(room: string, name: string, which?: Which): Promise<void>;
  /** False, and nothing done, where others than these Yjs clients wrote what the server is not known to have. */
  remove(room: string, authors: readonly number[], which?: Which): Promise<boolean>;
  /** Every room that has something stored, sorted. */
  rooms(): Promise<readonly string[]>;
  /** Those of them that a server in this epoch is not known to have all of. */
  unsaved(epoch: number): Promise<readonly string[]>;
  /** How far the log of a server in this epoch was when it last said to have one of them; 0 where it never did. */
  furthest(epoch: number): Promise<number>;
}
