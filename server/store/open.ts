import { serverErrors } from '../errors.ts';
import type { Fanout } from '../sync/fanout.ts';
import type { PostgresStore } from './postgres/postgres-store.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** The server's own folder: the database is in there, or what is remembered about the one elsewhere. */
  readonly folder: string;
  /** ANNEAL_DATABASE_URL: postgres://...; null for SQLite in the folder. */
  readonly databaseUrl: string | null;
  /** ANNEAL_REDIS_URL: other servers may use the same database, and they tell one another what they write. */
  readonly redisUrl: string | null;
}

export interface OpenedStore {
  readonly store: Store;
  /** To be closed before the store; null where this server has the database for itself. */
  readonly fanout: Fanout | null;
}

/**
 * Errors: dataUnusable, newerData, badOption; of SQLite dataInUse, dataDamaged; of PostgreSQL
 * databaseUnreachable, databaseUnsafe, databaseShared; redisUnreachable.
 */
export async function openStore({ folder, databaseUrl, redisUrl }: StoreOptions): Promise<OpenedStore> {
  if (databaseUrl === null) {
    if (redisUrl === null) return { store: await SqliteStore.open(folder), fanout: null };
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
  // Loaded where they are used: most servers need neither, and Redis' client alone has 650 files.
  const postgres = await import('./postgres/postgres-store.ts');
  const store = await postgres.PostgresStore.open({ url: databaseUrl, folder, shared: redisUrl !== null });
  if (redisUrl === null) return { store, fanout: null };
  try {
    const redis = await import('../sync/redis/redis-fanout.ts');
    const fanout = await redis.RedisFanout.open(redisUrl, String(store.epoch));
    await tellCommits(store, fanout);
    return { store, fanout };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** So that an editor that moves from one server to another is not told of an earlier end of the log. */
async function tellCommits(store: PostgresStore, fanout: Fanout): Promise<void> {
  await fanout.subscribe('lsn', (bytes) => {
    const lsn = Number(Buffer.from(bytes).toString());
    if (Number.isSafeInteger(lsn)) store.heard(lsn);
  });
  store.onCommitted = (lsn) => fanout.publish('lsn', Buffer.from(String(lsn)));
}
