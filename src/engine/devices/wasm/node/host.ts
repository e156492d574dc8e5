import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { WasmHost } from '../host.ts';

export function nodeHost(): WasmHost {
  return {
    load: async (variant) => {
      const file = new URL(`../modules/${variant}.wasm`, import.meta.url);
      return WebAssembly.compile(await readFile(file));
    },
    startHelper: (start, { ready, ended }) => {
      const worker = new Worker(new URL('./helper.ts', import.meta.url), { workerData: start });
      worker.once('message', () => {
        // From here on it only waits for work: no reason for the process to stay.
        worker.unref();
        ready();
      });
      worker.once('error', (error) => ended(error instanceof Error ? error.message : String(error)));
      worker.once('exit', (code) => ended(`it ended with code ${code}`));
      return { terminate: () => void worker.terminate() };
    },
    processors: availableParallelism(),
    noThreads: null,
    mayWait: true,
    // One that cannot start says so; a machine with much to do takes its time, and nobody sits before a page.
    start_ms: 60_000,
  };
}
