import { createNodeCheckpointStore } from '../checkpoint-store.ts';

// A process of its own that the test kills: puts blob after blob and says so after each.
const [root = '', first = '0'] = process.argv.slice(2);
const store = createNodeCheckpointStore(root);
for (let version = Number(first); version < 256; version++) {
  await store.put('run', 'a', new Uint8Array(1_000_000 + version).fill(version));
  process.stdout.write(`${version}\n`);
}
