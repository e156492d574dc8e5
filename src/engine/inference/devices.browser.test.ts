import { drawnOf } from '../devices/testing/drawn-of.ts';
import { pageDeviceFactories } from '../devices/testing/page-factories.ts';
import { wasmPaths } from '../devices/testing/wasm-paths.ts';
import { DECODED, decodeAcceptance } from './testing/decode-acceptance.ts';

// The others compute as they do in Node, where they are tested; wasm runs in workers only.
for (const { name, open } of pageDeviceFactories({ wasmPaths })) {
  if (name === 'webgpu') decodeAcceptance(name, open, drawnOf(DECODED));
  if (name === 'tfjs-webgl') decodeAcceptance(name, open);
}
