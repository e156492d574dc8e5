import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { recent } from './recent.ts';

/** A store that does not answer within this time is none that people can be sent to. */
const PATIENCE_MS = 2_000;
/** Answers are that old at most: whoever asks more often makes no more work. */
const LATELY_MS = 200;

/** Asks the store whether it answers, for all who want to know. Rejects with storeFailed where it does not in time. */
export function storagePing(store: Pick<Store, 'call'>): () => Promise<void> {
  return recent(() => inTime(store.call('ping', null)), LATELY_MS);
}

async function inTime(answer: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = `The database has not answered for ${PATIENCE_MS / 1000} seconds`;
      reject(serverErrors.storeFailed({ message }));
    }, PATIENCE_MS);
  });
  try {
    await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
