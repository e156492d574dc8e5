import type { Variant } from './features.ts';
import type { WasmHost } from './host.ts';

/** Written out, so that a bundler finds them. */
const MODULES: Readonly<Record<Variant, URL>> = {
  'relaxed-threads': new URL('./modules/relaxed-threads.wasm', import.meta.url),
  'relaxed-single': new URL('./modules/relaxed-single.wasm', import.meta.url),
  'plain-threads': new URL('./modules/plain-threads.wasm', import.meta.url),
  'plain-single': new URL('./modules/plain-single.wasm', import.meta.url),
};

/** A dedicated worker of a browser, or a page. */
export function browserHost(): WasmHost {
  return {
    load: async (variant) => {
      const address = MODULES[variant];
      const response = await fetch(address);
      if (!response.ok) throw new Error(`${address.pathname} answered ${response.status}`);
      return WebAssembly.compile(await response.arrayBuffer());
    },
    startHelper: (start, { ready, ended }) => {
      const worker = new Worker(new URL('./helper.worker.ts', import.meta.url), {
        type: 'module',
        name: `wasm ${start.thread}`,
      });
      worker.onmessage = () => ready();
      worker.onerror = (event) => {
        event.preventDefault();
        ended(event.message || 'it could not be started');
      };
      worker.postMessage(start);
      return {
        terminate: () => {
          worker.terminate();
          ended('it was ended');
        },
      };
    },
    processors: navigator.hardwareConcurrency,
    noThreads: crossOriginIsolated
      ? null
      : 'the page is not cross-origin isolated, so that threads cannot share memory',
    mayWait: mayWait(),
    start_ms: 5_000,
  };
}

function mayWait(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return true; // nobody will
  try {
    // Another value than the one that is there: returns at once where waiting is allowed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
