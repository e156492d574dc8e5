import { tinyDeps } from '../../../engine/training/testing/harness.ts';
import { killedSpec } from '../../../engine/training/testing/specs.ts';
import { train } from '../../../engine/training/train.ts';
import { createNodeCheckpointStore } from '../checkpoint-store.ts';

// A process of its own that the test kills: trains and says each event as a line. Some steps after the one at which
// it is to be killed it waits for that: where the other process is slow, this one would be at its end before.
const [root = '', start, killAt = ''] = process.argv.slice(2);
const STEPS_ON = 2;
let step = 0;
const deps = tinyDeps({
  store: createNodeCheckpointStore(root),
  start: { type: start === 'resume' ? 'resume' : 'new' },
  emit: (event) => {
    step = event.step;
    process.stdout.write(`${JSON.stringify(event)}\n`);
  },
  breathe: () =>
    new Promise((resolve) => {
      if (step < Number(killAt) + STEPS_ON) setImmediate(resolve);
      else setInterval(() => {}, 60_000);
    }),
});
const end = await train(killedSpec, deps);
if (end.reason !== 'finished') throw new Error(JSON.stringify(end));
