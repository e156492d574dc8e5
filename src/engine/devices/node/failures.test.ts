import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { expect, test } from 'vitest';
import { deviceErrors } from '../../errors.ts';
import { failureAcceptance, lossAcceptance } from '../failure-acceptance.ts';
import { explain } from '../tfjs/backend.ts';
import { openCpu } from '../tfjs/cpu.ts';
import { openWasm } from '../tfjs/wasm.ts';
import { openWebgpu } from '../tfjs/webgpu/backend.ts';
import { nodeGpu } from './dawn.ts';
import { wasmFolder } from './factories.ts';

const gpu = await nodeGpu();
failureAcceptance('tfjs-cpu', openCpu);
failureAcceptance('tfjs-wasm', () => openWasm(wasmFolder()));
if (gpu !== null) {
  failureAcceptance('tfjs-webgpu', () => openWebgpu(gpu));
  lossAcceptance(
    'tfjs-webgpu',
    () => openWebgpu(gpu),
    ({ backend }) => (backend as unknown as WebGPUBackend).device.destroy(),
  );
}

test('a WASM heap that is full says so instead of writing to address 0', async () => {
  const { backend, dispose } = await openWasm(wasmFolder());
  const large = (elements: number) => () =>
    (backend as unknown as { write: Write }).write(null, [elements], 'float32');
  type Write = (values: null, shape: number[], dtype: string) => object;
  expect(large(2 ** 31)).toThrow(RangeError);
  const first = large(600_000_000)();
  expect(large(600_000_000)).toThrow(/no 2400000000 bytes left/);
  expect(explain(new RangeError('The WASM heap has no 8 bytes left'))).toMatchObject({
    code: deviceErrors.outOfMemory.code,
  });
  backend.disposeData(first);
  backend.disposeData(large(600_000_000)());
  dispose();
});
