import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import type { StoreFiles } from './messages.ts';
import { serveThread } from './serve-thread.ts';

// Moves the write-ahead log into the database while others go on to write: a commit that did it would take ten
// times as long as those before and after it.

serveThread(() => {
  const { database: file } = workerData as StoreFiles;
  const database = new DatabaseSync(file, { timeout: 500 });
  database.exec('pragma synchronous = full');
  const checkpoint = database.prepare('pragma wal_checkpoint(passive)');
  return {
    opened: null,
    async run() {
      checkpoint.get();
      return null;
    },
    async close() {
      database.close();
    },
  };
});
