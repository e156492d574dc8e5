import { parentPort } from 'node:worker_threads';
import { toAnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import type { StoreRequest, StoreResponse } from './messages.ts';
import { sqliteError } from './sqlite-error.ts';

/** What a thread of the store holds. */
export interface Served {
  /** What it says when it is ready. */
  readonly opened: unknown;
  run(request: StoreRequest): Promise<unknown>;
  close(): Promise<void>;
  /** These go on beside everything else. */
  readonly beside?: StoreRequest['name'];
}

/** Answers a StoreThread's requests, strictly one after the other. */
export function serveThread(open: () => Served): void {
  const port = parentPort;
  if (port === null) throw new Error('A thread of the store is started by StoreThread');
  const answer = (response: StoreResponse): void => port.postMessage(response);
  let last: Promise<void> = Promise.resolve();
  try {
    const served = open();
    const run = async (request: StoreRequest): Promise<void> => {
      const { id, name } = request;
      try {
        if (name !== 'close') {
          answer({ id, output: await served.run(request) });
          return;
        }
        await served.close();
        answer({ id, output: null });
        port.close();
      } catch (error) {
        answer({ id, facts: toAnnealError(sqliteError(error), serverErrors.storeFailed).toJSON() });
      }
    };
    port.on('message', (request: StoreRequest) => {
      if (request.name === served.beside) void run(request);
      else last = last.then(() => run(request));
    });
    answer({ id: 0, output: served.opened });
  } catch (error) {
    answer({ id: 0, facts: sqliteError(error).toJSON() });
    port.close();
  }
}
