import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { expect, test } from 'vitest';
import { browserDeviceFactories } from './browser.ts';
import { failureAcceptance, lossAcceptance } from './failure-acceptance.ts';
import type { ChosenDevice } from './probe.ts';
import { wasmPaths } from './testing/wasm-paths.ts';
import { openWebgl } from './tfjs/webgl/backend.ts';
import { openWebgpu } from './tfjs/webgpu/backend.ts';
import { sharingAcceptance } from './webgpu/testing/sharing-acceptance.ts';
import { troubleAcceptance } from './webgpu/testing/trouble-acceptance.ts';

troubleAcceptance(navigator.gpu);
sharingAcceptance(navigator.gpu);
failureAcceptance('tfjs-webgpu', () => openWebgpu(navigator.gpu));
failureAcceptance('tfjs-webgl', openWebgl);
lossAcceptance(
  'tfjs-webgpu',
  () => openWebgpu(navigator.gpu),
  ({ backend }) => (backend as unknown as WebGPUBackend).device.destroy(),
);
lossAcceptance('tfjs-webgl', openWebgl, ({ backend }) => {
  (backend as unknown as MathBackendWebGL).gpgpu.gl.getExtension('WEBGL_lose_context')?.loseContext();
});

test('in a dedicated worker every device opens, and auto takes the fastest', async () => {
  const worker = new Worker(new URL('./testing/probe.worker.ts', import.meta.url), { type: 'module' });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ wasmPaths });
    const { device, tried, wasm, isolated } = await promise;
    console.info(tried.map(({ name, outcome }) => `${name} ${outcome}`).join('; '), wasm);
    const probed = tried.filter(({ ms }) => ms !== null);
    const names = browserDeviceFactories({ wasmPaths }).flatMap(({ name, lastResort }) =>
      lastResort ? [] : [name],
    );
    expect(probed.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(tried[0]?.name).toBe(device.name);
    expect(probed.map(({ ms }) => ms)).toEqual(probed.map(({ ms }) => ms ?? 0).sort((a, b) => a - b));
    // Threads come with cross-origin isolation, which the test page may or may not have.
    if (isolated) expect(wasm).toMatch(/WASM, SIMD, [2-9]\d* threads/);
    else expect(wasm).toBe('WASM, SIMD, 1 thread');
  } finally {
    worker.terminate();
  }
});

interface Answer extends Omit<ChosenDevice, 'opened'> {
  readonly wasm: string;
  readonly isolated: boolean;
}
