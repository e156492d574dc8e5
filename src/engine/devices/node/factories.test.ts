import { readFileSync } from 'node:fs';
import { deviceAcceptance } from '../acceptance.ts';
import { fixtureAcceptance } from '../fixture-acceptance.ts';
import { openTfjsDevice } from '../tfjs/open.ts';
import { openWebgpu } from '../tfjs/webgpu/backend.ts';
import { nodeGpu } from './dawn.ts';
import { nodeDeviceFactories } from './factories.ts';

const fixtures = ['gpt2-tiny', 'llama-tiny'].map((name) => {
  const file = (end: string) => readFileSync(new URL(`../../../../fixtures/${name}.${end}`, import.meta.url));
  return { name, bytes: new Uint8Array(file('safetensors')), settings: JSON.parse(file('json').toString()) };
});

const gpu = await nodeGpu();
for (const { name, open } of nodeDeviceFactories()) {
  if (name === 'webgpu') continue; // in webgpu.test.ts, with an arena that is poisoned before each run
  if (name === 'tfjs-webgpu' && gpu === null) continue;
  deviceAcceptance(name, open);
  for (const fixture of fixtures) fixtureAcceptance(name, fixture, open);
}

// The kernels for real GPUs, tried on whatever is here.
if (gpu !== null) {
  const open = () => openTfjsDevice(() => openWebgpu(gpu, { emulated: false }));
  deviceAcceptance('tfjs-webgpu as on a real GPU', open);
}
