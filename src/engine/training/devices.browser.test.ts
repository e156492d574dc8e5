import wasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { afterAll } from 'vitest';
import { LentDevice } from '../devices/testing/lent.ts';
import { pageDeviceFactories } from '../devices/testing/page-factories.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';

// The others compute as they do in Node, where they are tested.
const wasmPaths = {
  'tfjs-backend-wasm.wasm': wasm,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
};
const lent: LentDevice[] = [];
afterAll(async () => {
  for (const device of lent) await device.dispose();
});

for (const { name, open: anew } of pageDeviceFactories({ wasmPaths })) {
  if (name === 'wasm' || name === 'tfjs-wasm') resumeAcceptance(name, { open: anew });
  // Their shaders take long to compile here: those of a run that goes on are compiled again for the first model alone.
  if (name === 'tfjs-webgpu' || name === 'tfjs-webgl') {
    const device = new LentDevice(anew);
    lent.push(device);
    resumeAcceptance(name, { open: device.open, anew, thorough: name === 'tfjs-webgpu' });
  }
}
