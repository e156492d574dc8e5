import { FMA_FLOPS_PER_ROUND, READ_BYTES } from './probe-module.ts';
import type { Span } from './together.ts';

interface Probes {
  readonly fma: (rounds: number) => number;
  readonly read: (bytes: number) => number;
  readonly memory: WebAssembly.Memory;
}

const FMA_ROUNDS = 2_000_000;

/** Of one piece of work: operations, or bytes read. */
export const PROBE_AMOUNT = { fma: FMA_ROUNDS * FMA_FLOPS_PER_ROUND, read: READ_BYTES } as const;

/** When one thread did each of its pieces of work over `seconds`. */
export async function probeThread(
  module: BufferSource,
  job: 'fma' | 'read',
  seconds = 1.2,
): Promise<readonly Span[]> {
  const { instance } = await WebAssembly.instantiate(module);
  const probes = instance.exports as unknown as Probes;
  const work = () => (job === 'fma' ? probes.fma(FMA_ROUNDS) : probes.read(READ_BYTES));
  // Memory that was never written is one page of zeros over and over, and lies in the cache.
  if (job === 'read') new Uint8Array(probes.memory.buffer).fill(1);
  work();
  const now = () => performance.timeOrigin + performance.now();
  const spans: Span[] = [];
  const until = now() + 1000 * seconds;
  for (let start = now(); start < until; ) {
    work();
    const end = now();
    spans.push([start, end]);
    start = end;
  }
  return spans;
}
