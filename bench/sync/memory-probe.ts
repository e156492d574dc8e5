import { setTimeout as delay } from 'node:timers/promises';
import type { Memory } from './calls.ts';

// Loaded before a server, which must have been started with --expose-gc: says what it holds when it is asked.

async function weigh(): Promise<Memory> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await delay(50); // what finalizers and other threads let go of
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, used: heapUsed + external };
}

process.on('message', (message) => {
  if (message === 'memory') void weigh().then((memory) => process.send?.(memory));
});
process.on('disconnect', () => process.exit());
