import { toAnnealError } from '../../base/error.ts';
import { storageErrors } from '../errors.ts';
import { createOpfsCheckpointStore } from '../opfs/checkpoint-store.ts';

// A worker that puts one blob through sync access handles, and answers with the error or null.
const store = createOpfsCheckpointStore();
addEventListener('message', async (event: MessageEvent<{ run: string; bytes: number }>) => {
  const { run, bytes } = event.data;
  const outcome = await store.put(run, 'a', new Uint8Array(bytes).fill(bytes % 256)).then(
    () => null,
    (thrown: unknown) => toAnnealError(thrown, storageErrors.failed).toJSON(),
  );
  postMessage(outcome);
});
