import { nodeGpu } from '../devices/node/dawn.ts';
import { nodeDeviceFactories } from '../devices/node/factories.ts';
import { lossScaleAcceptance } from './testing/loss-scale-acceptance.ts';

const gpu = await nodeGpu();
for (const { name, open } of nodeDeviceFactories()) {
  if (name.endsWith('webgpu') && gpu === null) continue;
  lossScaleAcceptance(name, open);
}
