import wasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { browserDeviceFactories } from '../../../src/engine/devices/browser.ts';
import { createOpfsCheckpointStore } from '../../../src/storage/opfs/checkpoint-store.ts';
import { engineHandlers } from '../../engines/handlers.ts';
import type { Request } from '../calls.ts';
import { answer } from '../serve.ts';

const wasmPaths = {
  'tfjs-backend-wasm.wasm': wasm,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
};
const handlers = engineHandlers({
  factories: () => browserDeviceFactories({ wasmPaths }),
  tfjsWasm: () => wasmPaths,
  checkpoints: () => createOpfsCheckpointStore(),
  prepareThreads: async () => {}, // a browser has them
  gpu: async () => navigator.gpu ?? null,
  startProbes: async (module, job) => {
    const { probeWorkers } = await import('./probe-workers.ts');
    return probeWorkers(module, job);
  },
});
self.onmessage = async ({ data }: MessageEvent<Request>) => self.postMessage(await answer(handlers, data));
