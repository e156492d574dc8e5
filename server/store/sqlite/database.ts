import { DatabaseSync } from 'node:sqlite';
import { sqliteWords } from '../migrations/migration.ts';
import { migrations, NewerDatabase } from '../migrations/migrations.ts';

/** The file can be read, and says of itself that it is not whole. */
export class DamagedDatabase extends Error {}

/** Where parts of it are from different times, SQLite may notice only when it meets them. */
export function requireSound(database: DatabaseSync): void {
  const said = database.prepare('pragma quick_check(1)').get()?.quick_check;
  if (said !== 'ok') throw new DamagedDatabase(String(said));
}

/** What SQLite itself takes. */
const LOG_PAGES = 1_000;
/** The write-ahead log's file is cut to this, when it begins anew after it was longer. */
const LOG_BYTES = 16 * 1024 * 1024;

/**
 * Keeps a second server off the folder: the system drops the lock when the process dies in whatever way. It is on
 * a file of its own, since other threads of this server have connections to the database, too.
 */
class OwnDatabase extends DatabaseSync {
  readonly #lock: DatabaseSync;

  constructor(file: string, lock: DatabaseSync) {
    super(file, { timeout: 500, enableForeignKeyConstraints: true });
    this.#lock = lock;
  }

  static lockAndOpen(file: string): OwnDatabase {
    const lock = new DatabaseSync(`${file}.lock`, { timeout: 500 });
    try {
      lock.exec('pragma journal_mode = memory'); // nothing is ever written
      lock.exec('pragma locking_mode = exclusive');
      lock.exec('begin exclusive');
      return new OwnDatabase(file, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  override close(): void {
    super.close();
    this.#lock.close();
  }
}

/**
 * Opens the database and brings it up to date. What is acknowledged must survive a power cut, hence
 * synchronous=FULL. With `logPages` in the write-ahead log a commit moves them into the database.
 */
export function openDatabase(file: string, logPages = LOG_PAGES): DatabaseSync {
  const database = OwnDatabase.lockAndOpen(file);
  try {
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec(`pragma wal_autocheckpoint = ${logPages}`);
    database.exec(`pragma journal_size_limit = ${LOG_BYTES}`);
    database.exec('begin immediate');
    const row = database.prepare('pragma user_version').get();
    const version = Number(row?.user_version ?? 0);
    if (version > migrations.length) throw new NewerDatabase(version);
    for (const migration of migrations.slice(version)) database.exec(migration(sqliteWords));
    database.exec(`pragma user_version = ${migrations.length}`);
    database.exec('commit');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
