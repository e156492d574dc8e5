/** The compiled kernels (cli/setup/kernels.ts): one source, four modules. */
export interface ModuleChoice {
  /** Relaxed SIMD: a multiply-add in one instruction. */
  readonly relaxed: boolean;
  /** Memory is shared between threads. */
  readonly threads: boolean;
}

/** Where the module is; a file in Node, an address to fetch in a browser. */
export function moduleUrl({ relaxed, threads }: ModuleChoice): URL {
  // Written out, so that a bundler finds them.
  if (relaxed && threads) return new URL('./modules/relaxed-threads.wasm', import.meta.url);
  if (relaxed) return new URL('./modules/relaxed-single.wasm', import.meta.url);
  if (threads) return new URL('./modules/plain-threads.wasm', import.meta.url);
  return new URL('./modules/plain-single.wasm', import.meta.url);
}
