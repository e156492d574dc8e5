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

/**
 * Opens the database and brings it up to date. What is acknowledged must survive a power cut, hence
 * synchronous=FULL; the exclusive lock keeps a second server off the folder, and the system drops it when
 * the process dies in whatever way.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 500, enableForeignKeyConstraints: true });
  try {
    database.exec('pragma locking_mode = exclusive');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('begin exclusive');
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
