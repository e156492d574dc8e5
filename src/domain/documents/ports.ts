/** Where shared documents are kept on this machine. Updates are opaque bytes here (Yjs, V1 format). */

export interface StoredDocument {
  /** In the order in which they were written; applying one twice changes nothing. */
  readonly updates: readonly Uint8Array<ArrayBuffer>[];
  /**
   * The state vector that the server last said to have on disk; null while it never did. Tells a server
   * that is behind from one that has another document under the same name.
   */
  readonly acknowledged: Uint8Array<ArrayBuffer> | null;
}

export interface DocumentStore {
  load(room: string): Promise<StoredDocument>;
  /** Resolves when the bytes are on disk. Several pages may append to one room. */
  append(room: string, update: Uint8Array): Promise<void>;
  acknowledge(room: string, stateVector: Uint8Array): Promise<void>;
  /** Replaces the updates by the one that `merge` makes of them, at once or not at all. */
  compact(room: string, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void>;
  /** Gives the room's content another name, under which nothing connects. */
  setAside(room: string, name: string): Promise<void>;
  remove(room: string): Promise<void>;
  /** Every room that has something stored, sorted. */
  rooms(): Promise<readonly string[]>;
}
