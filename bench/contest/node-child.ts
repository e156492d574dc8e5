import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeGpu } from '../../src/engine/devices/node/dawn.ts';
import { nodeDeviceFactories, wasmFolder } from '../../src/engine/devices/node/factories.ts';
import { createNodeCheckpointStore } from '../../src/storage/node/checkpoint-store.ts';
import { engineHandlers } from '../engines/handlers.ts';
import type { Request } from './calls.ts';
import { answer } from './serve.ts';

// One engine in a process of its own; see node-actor.ts.
const handlers = engineHandlers({
  factories: nodeDeviceFactories,
  tfjsWasm: wasmFolder,
  gpu: nodeGpu,
  checkpoints: () =>
    createNodeCheckpointStore(join(tmpdir(), 'anneal-bench-checkpoints', String(process.pid))),
  prepareThreads: async () => (await import('../engines/jax/node-workers.ts')).provideWorkers(),
  startProbes: async (wasm, job) => {
    const { probeThreads } = await import('./node-probe.ts');
    return probeThreads(wasm, job);
  },
});
process.on('message', async (request: Request) => process.send?.(await answer(handlers, request)));
process.on('disconnect', () => process.exit());
