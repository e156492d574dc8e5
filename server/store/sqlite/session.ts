import { statSync } from 'node:fs';
import { backup, type DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { serverErrors } from '../../errors.ts';
import { isIntact, newEpoch } from '../epoch.ts';
import { type RequestName, requests } from '../requests.ts';
import type { Tables } from '../schema.ts';
import { Watermark } from '../watermark.ts';
import type { Committed, WriteUnit } from '../write.ts';
import { openDatabase, requireSound } from './database.ts';
import { nodeSqliteDialect } from './dialect.ts';
import { KnownNames } from './known-names.ts';
import { SqliteLog } from './log.ts';
import type { StoreFiles } from './messages.ts';

/** Of 4 KiB: some milliseconds for which a commit may have to wait. */
const BACKUP_PAGES = 256;
/** Of half a second each: so long somebody may still be reading what was there before. */
const EMPTY_TRIES = 6;

/** What the store's thread holds: one connection, the log, and the mark of how far it is on disk. */
export class SqliteSession {
  readonly epoch: number;
  readonly names: KnownNames;
  readonly #database: DatabaseSync;
  readonly #db: Kysely<Tables>;
  readonly #log: SqliteLog;
  readonly #watermark: Watermark;

  private constructor(
    database: DatabaseSync,
    db: Kysely<Tables>,
    log: SqliteLog,
    watermark: Watermark,
    epoch: number,
  ) {
    this.#database = database;
    this.#db = db;
    this.#log = log;
    this.#watermark = watermark;
    this.epoch = epoch;
    this.names = KnownNames.of(database);
  }

  static open(files: StoreFiles): SqliteSession {
    const database = openDatabase(files.database, files.logPages);
    try {
      const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
      const log = new SqliteLog(database, db);
      const identity = statSync(files.database, { bigint: true }).ino;
      const mark = Watermark.read(files.watermark);
      const stored = readEpoch(database);
      // A mark that was put there may have come with an older log, as in a folder that was copied back.
      const intact = mark?.moved !== true && isIntact({ epoch: stored, lsn: log.lsn, identity }, mark);
      if (!intact && log.lsn > 0) requireSound(database);
      const epoch = intact && stored !== null ? stored : newEpoch([stored, mark?.epoch]);
      if (epoch !== stored) {
        database
          .prepare(
            "insert into settings values ('epoch', ?) on conflict (key) do update set value = excluded.value",
          )
          .run(String(epoch));
      }
      const watermark = new Watermark(files.watermark, identity);
      watermark.write(epoch, log.lsn);
      return new SqliteSession(database, db, log, watermark, epoch);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get lsn(): number {
    return this.#log.lsn;
  }

  async run(name: RequestName | 'write', input: unknown): Promise<unknown> {
    // The pair of name and input was type-checked where it was made.
    if (name === 'write') return this.#write(input as readonly WriteUnit[]);
    const request = requests[name] as (db: Kysely<Tables>, input: unknown) => Promise<unknown>;
    return this.#db.transaction().execute((transaction) => request(transaction, input));
  }

  /** Page by page in between of what else is asked, so that nobody waits for it. */
  async backup(file: string): Promise<void> {
    await backup(this.#database, file, { rate: BACKUP_PAGES });
  }

  /** Writes the file anew without the pages that were freed, and empties the write-ahead log. Throws storeFailed. */
  scrub(): void {
    this.#database.exec('vacuum');
    const empty = this.#database.prepare('pragma wal_checkpoint(truncate)');
    // It does not fail where another connection is in its way.
    for (let tries = 0; tries < EMPTY_TRIES; tries++) if (empty.get()?.busy === 0) return;
    throw serverErrors.storeFailed({
      message: 'What was removed still stands in the write-ahead log: somebody reads there',
    });
  }

  async close(): Promise<void> {
    await this.#db.destroy();
    if (this.#database.isOpen) this.#database.close(); // Kysely leaves open what it never asked
    await this.#watermark.close();
  }

  async #write(units: readonly WriteUnit[]): Promise<Committed> {
    const committed = await this.#log.write(units);
    this.#watermark.write(this.epoch, committed.lsn); // before anybody is told
    return committed;
  }
}

function readEpoch(database: DatabaseSync): number | null {
  const row = database.prepare("select value from settings where key = 'epoch'").get();
  return row === undefined ? null : Number(row.value);
}
