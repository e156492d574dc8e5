import { setTimeout as delay } from 'node:timers/promises';
import type { Vitals } from './calls.ts';

// Loaded before a server, which must have been started with --expose-gc: says what it holds and has used when it
// is asked.

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function vitals(): Promise<Vitals> {
  const before = cpu();
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await delay(50); // what finalizers and other threads let go of
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, used: heapUsed + external, cpu_until_ms: before, cpu_from_ms: cpu() };
}

process.on('message', (message) => {
  if (message === 'vitals') void vitals().then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
