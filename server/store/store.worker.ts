import { parentPort, workerData } from 'node:worker_threads';
import { Kysely } from 'kysely';
import { toAnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import { nodeSqliteDialect } from './dialect.ts';
import type { StoreRequest, StoreResponse } from './messages.ts';
import { requests } from './requests.ts';
import { openDatabase, type Tables } from './schema.ts';
import { storeError } from './store-error.ts';

// SQLite is synchronous: it has this thread to itself, so that a slow disk never holds up the sockets.
// Requests run strictly one after the other, each in a transaction of its own.

if (parentPort === null) throw new Error('store.worker.ts is started by store.ts');
const port = parentPort;
const answer = (response: StoreResponse): void => port.postMessage(response);

try {
  const { file } = workerData as { readonly file: string };
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(openDatabase(file)) });
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: StoreRequest) => {
    last = last.then(() => run(db, request));
  });
  answer({ id: 0, output: null });
} catch (error) {
  answer({ id: 0, facts: storeError(error).toJSON() });
  port.close();
}

async function run(db: Kysely<Tables>, { id, name, input }: StoreRequest): Promise<void> {
  try {
    if (name === 'close') {
      await db.destroy();
      answer({ id, output: null });
      port.close();
      return;
    }
    // The pair of name and input was type-checked where it was made.
    const request = requests[name] as (db: Kysely<Tables>, input: unknown) => Promise<unknown>;
    answer({ id, output: await db.transaction().execute((transaction) => request(transaction, input)) });
  } catch (error) {
    answer({ id, facts: toAnnealError(storeError(error), serverErrors.storeFailed).toJSON() });
  }
}
