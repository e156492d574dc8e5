import { deviceAcceptance } from '../../acceptance.ts';
import { openWasmDevice, type WasmOptions } from '../device.ts';
import { features } from '../features.ts';
import { nodeHost } from './host.ts';

const plain = { simd: true, relaxed: false };
const settings: Readonly<Record<string, WasmOptions>> = {
  'with 2 threads': { threads: 2 },
  'with 1 thread': { threads: 1 },
  'with 3 threads, without relaxed SIMD': { threads: 3, features: plain },
  'with 1 thread, without relaxed SIMD': { threads: 1, features: plain },
};

for (const [how, options] of Object.entries(settings)) {
  if (!features().relaxed && options.features === undefined) continue;
  deviceAcceptance(`wasm ${how}`, () => openWasmDevice(nodeHost(), { ...options, poison: true }));
}
