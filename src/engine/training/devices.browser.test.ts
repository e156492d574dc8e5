import wasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { pageDeviceFactories } from '../devices/testing/page-factories.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';

// The others compute as they do in Node, where they are tested.
const wasmPaths = {
  'tfjs-backend-wasm.wasm': wasm,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
};
for (const { name, open } of pageDeviceFactories({ wasmPaths })) {
  if (name === 'tfjs-webgpu' || name === 'tfjs-wasm' || name === 'wasm') resumeAcceptance(name, { open });
  if (name === 'tfjs-webgl') resumeAcceptance(name, { open, thorough: false }); // its shaders take long to compile here
}
