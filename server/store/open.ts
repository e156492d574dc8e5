import { serverErrors } from '../errors.ts';
import { PostgresStore } from './postgres/postgres-store.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** The server's own folder: the database is in there, or what is remembered about the one elsewhere. */
  readonly folder: string;
  /** ANNEAL_DATABASE_URL: postgres://...; null for SQLite in the folder. */
  readonly databaseUrl: string | null;
  /** Whether other servers may use the same database: they tell one another what they write. */
  readonly shared: boolean;
}

/**
 * Errors: dataUnusable, newerData, badOption; of SQLite dataInUse, dataDamaged; of PostgreSQL
 * databaseUnreachable, databaseUnsafe, databaseShared.
 */
export async function openStore({ folder, databaseUrl, shared }: StoreOptions): Promise<Store> {
  if (databaseUrl === null) {
    if (!shared) return SqliteStore.open(folder);
    throw serverErrors.badOption({
      where: 'ANNEAL_REDIS_URL',
      message: 'Several servers need one PostgreSQL: with ANNEAL_REDIS_URL goes ANNEAL_DATABASE_URL',
    });
  }
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw serverErrors.badOption({
      where: 'ANNEAL_DATABASE_URL',
      message: 'ANNEAL_DATABASE_URL takes an address such as postgres://user:password@host:5432/database',
    });
  }
  return PostgresStore.open({ url: databaseUrl, folder, shared });
}
