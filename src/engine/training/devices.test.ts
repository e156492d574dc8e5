import { nodeGpu } from '../devices/node/dawn.ts';
import { nodeDeviceFactories } from '../devices/node/factories.ts';
import { checkpointingAcceptance } from './testing/checkpointing-acceptance.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';
import { scaledStepAcceptance } from './testing/scaled-step-acceptance.ts';

const gpu = await nodeGpu();
for (const { name, open } of nodeDeviceFactories()) {
  if (name.endsWith('webgpu') && gpu === null) continue;
  resumeAcceptance(name, open);
  checkpointingAcceptance(name, open);
  scaledStepAcceptance(name, open);
}
