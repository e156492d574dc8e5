import type { Rate } from '../contest/calls.ts';
import { quantile } from '../quantile.ts';

/** How fast `work` is, which does `flops` each time and resolves when it is done; after two that warm up. */
export async function bestRate(flops: number, seconds: number, work: () => Promise<void>): Promise<Rate> {
  await work();
  await work();
  const ms: number[] = [];
  const until = performance.now() + 1000 * seconds;
  do {
    const start = performance.now();
    await work();
    ms.push(performance.now() - start);
  } while (performance.now() < until);
  return { gflops: flops / Math.min(...ms) / 1e6, median_ms: quantile(ms, 0.5), runs: ms.length };
}

/** Numbers for a matrix: small, of both signs, exact in f16 too. */
export function operand(size: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 64) / 64 - 0.5);
}
