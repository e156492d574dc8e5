import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../src/base/random.ts';
import type { Writer } from './writer.ts';

/** So long a writer rests at most between two bursts. */
const REST_MS = 6;
const BURST = 3;

/** All of them type, each in bursts of his own, until the returned function is called. */
export function typeAway(writers: readonly Writer[], random: Random): () => Promise<void> {
  let going = true;
  const loops = writers.map(async (writer) => {
    while (going) {
      for (let i = random.below(BURST); going && i >= 0; i--) writer.edit(random);
      await delay(random.uniform() * REST_MS);
    }
  });
  return async () => {
    going = false;
    await Promise.all(loops);
  };
}
