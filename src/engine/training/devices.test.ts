import { afterAll } from 'vitest';
import { nodeDeviceFactories } from '../devices/node/factories.ts';
import { SharedGpu } from '../devices/webgpu/testing/node/devices.ts';
import { checkpointingAcceptance } from './testing/checkpointing-acceptance.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';
import { scaledStepAcceptance } from './testing/scaled-step-acceptance.ts';

const shared = await SharedGpu.create();
afterAll(() => shared?.dispose());

for (const { name, open: anew } of nodeDeviceFactories()) {
  if (name.endsWith('webgpu') && shared === null) continue;
  const open = name === 'webgpu' && shared !== null ? () => shared.open() : anew;
  // What is resumed is so on a GPU device of its own. tfjs-webgpu is tried with the other models in a browser.
  resumeAcceptance(name, { open, anew, thorough: name !== 'tfjs-webgpu' });
  checkpointingAcceptance(name, open);
  scaledStepAcceptance(name, open);
}
