import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { Kysely } from 'kysely';
import { requests } from '../requests.ts';
import type { Tables } from '../schema.ts';
import { nodeSqliteDialect } from './dialect.ts';
import type { StoreFiles } from './messages.ts';
import { serveThread } from './serve-thread.ts';

// Who only reads waits for no commit and no fsync: beside the write-ahead log readers see what was committed when
// they began.

serveThread(() => {
  const { database: file } = workerData as StoreFiles;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 500 });
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database, 'begin') });
  return {
    opened: null,
    async run({ name, input }) {
      const request = requests[name as keyof typeof requests] as (
        db: Kysely<Tables>,
        input: unknown,
      ) => Promise<unknown>;
      return db.transaction().execute((transaction) => request(transaction, input));
    },
    async close() {
      await db.destroy();
      if (database.isOpen) database.close(); // Kysely leaves open what it never asked
    },
  };
});
