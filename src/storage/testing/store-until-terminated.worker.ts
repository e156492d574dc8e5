import { createOpfsCheckpointStore } from '../opfs/checkpoint-store.ts';

// A worker that the test terminates: puts blob after blob through sync access handles and says so after each.
const store = createOpfsCheckpointStore();
addEventListener('message', async (event: MessageEvent<{ run: string; first: number; bytes: number }>) => {
  const { run, first, bytes } = event.data;
  // Its size says which one a blob is, whichever of them the end, which may come late, leaves.
  for (let version = first; ; version++) {
    await store.put(run, 'a', new Uint8Array(bytes + version).fill(version % 256));
    postMessage(version);
  }
});
