import { parentPort, workerData } from 'node:worker_threads';
import { toAnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import type { Opened, StoreFiles, StoreRequest, StoreResponse } from './messages.ts';
import { SqliteSession } from './session.ts';
import { sqliteError } from './sqlite-error.ts';

// SQLite is synchronous: it has this thread to itself, so that a slow disk never holds up the sockets.
// Requests run strictly one after the other, each in a transaction of its own.

if (parentPort === null) throw new Error('store.worker.ts is started by sqlite-store.ts');
const port = parentPort;
const answer = (response: StoreResponse): void => port.postMessage(response);

try {
  const session = SqliteSession.open(workerData as StoreFiles);
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: StoreRequest) => {
    // A backup takes long, and goes on beside everything else.
    if (request.name === 'backup') void run(session, request);
    else last = last.then(() => run(session, request));
  });
  answer({ id: 0, output: { epoch: session.epoch, lsn: session.lsn } satisfies Opened });
} catch (error) {
  answer({ id: 0, facts: sqliteError(error).toJSON() });
  port.close();
}

async function run(session: SqliteSession, { id, name, input }: StoreRequest): Promise<void> {
  try {
    if (name === 'close') {
      await session.close();
      answer({ id, output: null });
      port.close();
    } else if (name === 'backup') {
      await session.backup(input as string);
      answer({ id, output: null });
    } else if (name === 'scrub') {
      session.scrub();
      answer({ id, output: null });
    } else {
      answer({ id, output: await session.run(name, input) });
    }
  } catch (error) {
    answer({ id, facts: toAnnealError(sqliteError(error), serverErrors.storeFailed).toJSON() });
  }
}
