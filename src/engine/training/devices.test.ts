import { nodeGpu } from '../devices/node/dawn.ts';
import { nodeDeviceFactories } from '../devices/node/factories.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';

const gpu = await nodeGpu();
for (const { name, open } of nodeDeviceFactories()) {
  if (name !== 'tfjs-webgpu' || gpu !== null) resumeAcceptance(name, open);
}
