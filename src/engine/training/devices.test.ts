import { afterAll } from 'vitest';
import type { Device } from '../device.ts';
import { nodeDeviceFactories } from '../devices/node/factories.ts';
import type { DeviceFactory } from '../devices/probe.ts';
import { LentDevice } from '../devices/testing/lent.ts';
import { SharedGpu } from '../devices/webgpu/testing/node/devices.ts';
import { checkpointingAcceptance } from './testing/checkpointing-acceptance.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';
import { scaledStepAcceptance } from './testing/scaled-step-acceptance.ts';

const shared = await SharedGpu.create();
const lent: LentDevice[] = [];
afterAll(async () => {
  shared?.dispose();
  for (const device of lent) await device.dispose();
});

/** Where compiling takes long, kernels are compiled once for all tests. */
function opener({ name, open }: DeviceFactory): () => Promise<Device> {
  if (name === 'webgpu' && shared !== null) return () => shared.open();
  if (name !== 'tfjs-webgpu') return open;
  const device = new LentDevice(open);
  lent.push(device);
  return device.open;
}

for (const factory of nodeDeviceFactories()) {
  const { name, open: anew } = factory;
  if (name.endsWith('webgpu') && shared === null) continue;
  const open = opener(factory);
  // The first model is resumed on a GPU device of its own. tfjs-webgpu resumes all of them in a browser.
  if (name !== 'tfjs-webgpu') resumeAcceptance(name, { open, anew });
  checkpointingAcceptance(name, open);
  scaledStepAcceptance(name, open);
}
