import type { Readable } from 'node:stream';
import type { DataStore } from '@tus/server';

/**
 * A blob is bytes under the name of their SHA-256, whole or absent, and never changed. Names are
 * `<64 hexadecimal digits>`, or `<space>/<64 hexadecimal digits>` for those that only one workspace can read.
 */
export type BlobName = string;

/** `start` and `end` are both part of it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface BlobFacts {
  readonly bytes: number;
  /** Another text when the bytes were written again, or damaged by whatever goes through the file system. */
  readonly stamp: string;
  /** Milliseconds since 1970 UTC; `touch` makes it now. */
  readonly modified: number;
}

/** Where blobs lie: a folder, or a bucket. Errors are ANN-PRO-017 where there is no room, and what the system throws. */
export interface Blobs {
  /** Null where there is none. */
  stat(name: BlobName): Promise<BlobFacts | null>;
  /** The bytes of one moment: it does not matter what happens to the blob once this has resolved. */
  read(name: BlobName, range?: ByteRange): Promise<Readable>;
  /** On disk when it resolves. The caller vouches for the bytes. */
  put(name: BlobName, bytes: number, source: () => Promise<Readable>): Promise<void>;
  /** Makes `modified` now; false where there is no such blob. */
  touch(name: BlobName): Promise<boolean>;
  remove(name: BlobName): Promise<void>;
  /** Puts a damaged blob where nobody reads it, for whoever looks after the server. */
  setAside(name: BlobName): Promise<void>;
  list(): AsyncIterable<{ readonly name: BlobName } & BlobFacts>;
}

/** Bytes that have come in and are no blob yet. */
export interface Spool {
  readonly bytes: number;
  read(range?: ByteRange): Promise<Readable>;
  /** Makes a blob of all of them, on disk when it resolves. They stay here as well until they are removed. */
  become(name: BlobName): Promise<void>;
  remove(): Promise<void>;
}

/** Where bytes come in: in one go, or as a resumable upload. */
export interface Incoming {
  /** Takes a stream in; nothing is left of one that breaks off. */
  take(source: AsyncIterable<Uint8Array>): Promise<Spool>;
  /** Where tus keeps the uploads. */
  readonly uploads: DataStore;
  /** Begins the name of every upload here. */
  readonly prefix: string;
  /** Bytes that have arrived of an upload; null where it has not begun. */
  arrived(id: string): Promise<number | null>;
  /** An upload of which all bytes have arrived. */
  finished(id: string): Promise<Spool>;
  /** Removes an upload, as far as there is one. */
  forget(id: string): Promise<void>;
  /**
   * Removes what killed servers left and nothing has changed since a time: streams that broke off, and uploads
   * that nobody knows any more. Resolves with how many.
   */
  sweep(known: ReadonlySet<string>, before: number): Promise<number>;
}
