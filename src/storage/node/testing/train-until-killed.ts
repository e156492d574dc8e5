import { tinyDeps } from '../../../engine/training/testing/harness.ts';
import { killedSpec } from '../../../engine/training/testing/specs.ts';
import { train } from '../../../engine/training/train.ts';
import { createNodeCheckpointStore } from '../checkpoint-store.ts';

// A process of its own that the test kills: trains and says each event as a line.
const [root = '', start] = process.argv.slice(2);
const deps = tinyDeps({
  store: createNodeCheckpointStore(root),
  start: { type: start === 'resume' ? 'resume' : 'new' },
  emit: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
});
const end = await train(killedSpec, deps);
if (end.reason !== 'finished') throw new Error(JSON.stringify(end));
