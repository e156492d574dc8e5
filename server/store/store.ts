import type { InputOf, OutputOf, RequestName } from './requests.ts';
import type { Writer, WriteUnit, Written } from './write.ts';

/** Where the server keeps everything but artifacts' bytes: SQLite in a thread, or PostgreSQL. */
export interface Store extends Writer {
  /**
   * Says which life of the log this is: another number means that what was acknowledged before may not be there
   * (lost, cut, put back from a backup), and clients send again.
   */
  readonly epoch: number;

  /**
   * Everything in the log up to and with this number is on disk. Where several servers write it may lag behind
   * what another one has said.
   */
  readonly lsn: number;

  /** What requests.ts offers. Rejects with the errors of store-error.ts. */
  call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>>;

  /**
   * Resolves when it is on disk. Writes made in one turn of the event loop are in one commit, together with those
   * that came while the commit before was under way (group-commit.ts). Rejects with documentReplaced, and nothing
   * of the unit is written, where a document has begun anew, was moved or removed since its writer loaded it. A unit
   * that cannot be written fails alone; where the disk or the database fails, so does all of the commit.
   */
  write(...unit: WriteUnit): Promise<Written>;

  /**
   * Copies the database into a new file, as it is at one moment near the end of the copying; writing goes on
   * meanwhile. Errors: backupFailed, backupElsewhere where the database is not the server's own.
   */
  backup(file: string): Promise<void>;

  /**
   * Overwrites what was changed or removed and still stands somewhere in the database's files, as far as the
   * database lets one. Takes long, and whoever wants to write waits for it.
   */
  scrub(): Promise<void>;

  /** Waits for what was asked before, then closes the database. */
  close(): Promise<void>;
}
