/** Best GFLOP/s of `work`, which does `flops` each time and resolves when it is done; after two that warm up. */
export async function bestRate(flops: number, seconds: number, work: () => Promise<void>): Promise<number> {
  await work();
  await work();
  let best = Number.POSITIVE_INFINITY;
  const until = performance.now() + 1000 * seconds;
  do {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < until);
  return flops / best / 1e6;
}

/** Numbers for a matrix: small, of both signs, exact in f16 too. */
export function operand(size: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 64) / 64 - 0.5);
}
