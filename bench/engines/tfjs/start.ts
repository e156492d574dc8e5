import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { Environment } from '../engine.ts';

/** Starts a backend at its best: WASM with SIMD and a thread on each core. */
export async function startBackend(device: string, environment: Environment): Promise<string> {
  if (device === 'wasm') {
    const paths = environment.tfjsWasm();
    setWasmPaths(typeof paths === 'string' ? paths : { ...paths });
    await withAllCores(() => tf.setBackend('wasm'));
  } else {
    if (device === 'webgpu') {
      if ((await environment.gpu()) === null) throw new Error('There is no WebGPU here.');
      await import('@tensorflow/tfjs-backend-webgpu'); // looks for WebGPU while it is loaded
    }
    if (!(await tf.setBackend(device))) throw new Error(`tfjs cannot start ${device} here.`);
  }
  await tf.ready();
  if (tf.getBackend() !== device) throw new Error(`tfjs took ${tf.getBackend()} for ${device}.`);
  return `tfjs ${tf.version.tfjs}, ${device}`;
}

/** tfjs takes half of the processors; while it starts it is shown twice as many. */
async function withAllCores(begin: () => Promise<unknown>): Promise<void> {
  const processors = navigator.hardwareConcurrency;
  setThreadsCount(processors);
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 * processors, configurable: true });
  try {
    await begin();
  } finally {
    Reflect.deleteProperty(navigator, 'hardwareConcurrency');
  }
}
