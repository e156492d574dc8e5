import type { Variant } from './features.ts';
import type { WasmHost } from './host.ts';

/** Where each module is, on our own origin. */
export type ModulePaths = Readonly<Record<Variant, string>>;

/** A dedicated worker of a browser, or a page. */
export function browserHost(paths: ModulePaths): WasmHost {
  return {
    load: async (variant) => {
      const response = await fetch(paths[variant]);
      if (!response.ok) throw new Error(`${paths[variant]} answered ${response.status}`);
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
