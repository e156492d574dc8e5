import { createOpfsCheckpointStore } from '../opfs/checkpoint-store.ts';

// A worker that the test terminates: puts blob after blob through sync access handles and says so after each.
const store = createOpfsCheckpointStore();
addEventListener('message', async (event: MessageEvent<{ run: string; first: number; bytes: number }>) => {
  const { run, first, bytes } = event.data;
  for (let version = first; version < 256; version++) {
    await store.put(run, 'a', new Uint8Array(bytes + version).fill(version));
    postMessage(version);
  }
});
