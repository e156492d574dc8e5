import { createNodeCheckpointStore } from '../checkpoint-store.ts';

// A process of its own that the test kills: puts blob after blob and says so after each.
const [root = '', first = '0'] = process.argv.slice(2);
const store = createNodeCheckpointStore(root);
// Its size says which one a blob is, whichever of them the kill, which may come late, leaves.
for (let version = Number(first); ; version++) {
  await store.put('run', 'a', new Uint8Array(1_000_000 + version).fill(version % 256));
  process.stdout.write(`${version}\n`);
}
