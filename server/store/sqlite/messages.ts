import type { ErrorFacts } from '../../../src/base/error.ts';
import type { RequestName } from '../requests.ts';

/** Between the server's thread and those of the store. Id 0 is the answer to opening. */
export interface StoreRequest {
  readonly id: number;
  readonly name: RequestName | 'write' | 'backup' | 'scrub' | 'checkpoint' | 'close';
  readonly input: unknown;
}

export type StoreResponse =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly facts: ErrorFacts };

/** What the answer to opening says. */
export interface Opened {
  readonly epoch: number;
  readonly lsn: number;
  /** See KnownNames. */
  readonly names: SharedArrayBuffer;
}

export interface StoreFiles {
  readonly database: string;
  readonly watermark: string;
  /** Of the write-ahead log: with more a commit moves it into the database itself; by default SQLite's own number. */
  readonly logPages?: number;
}
