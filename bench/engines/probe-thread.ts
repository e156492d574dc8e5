import { FMA_FLOPS_PER_ROUND, READ_BYTES } from './probe-module.ts';

interface Probes {
  readonly fma: (rounds: number) => number;
  readonly read: (bytes: number) => number;
  readonly memory: WebAssembly.Memory;
}

/** One thread's best rate over `seconds`: GFLOP/s of multiply-adds, or GB/s read. */
export async function probeThread(module: BufferSource, job: 'fma' | 'read', seconds = 0.8): Promise<number> {
  const { instance } = await WebAssembly.instantiate(module);
  const probes = instance.exports as unknown as Probes;
  const rounds = 2_000_000;
  const work = () => (job === 'fma' ? probes.fma(rounds) : probes.read(READ_BYTES));
  const amount = job === 'fma' ? rounds * FMA_FLOPS_PER_ROUND : READ_BYTES;
  // Memory that was never written is one page of zeros over and over, and lies in the cache.
  if (job === 'read') new Uint8Array(probes.memory.buffer).fill(1);
  work();
  let best = Number.POSITIVE_INFINITY;
  const until = performance.now() + 1000 * seconds;
  while (performance.now() < until) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return amount / best / 1e6;
}
