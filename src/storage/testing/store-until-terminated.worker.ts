import { createOpfsCheckpointStore } from '../opfs/checkpoint-store.ts';

// A worker that the test terminates: puts blob after blob through sync access handles and says so.
const store = createOpfsCheckpointStore();
addEventListener('message', async (event: MessageEvent<{ run: string; first: number }>) => {
  for (let version = event.data.first; version < 256; version++) {
    await store.put(event.data.run, 'a', new Uint8Array(1_000_000 + version).fill(version));
    postMessage(version);
  }
});
