import { deviceAcceptance } from '../acceptance.ts';
import { nodeGpu } from './dawn.ts';
import { nodeDeviceFactories } from './factories.ts';

const gpu = await nodeGpu();
for (const { name, open } of nodeDeviceFactories()) {
  if (name === 'tfjs-webgpu' && gpu === null) continue;
  deviceAcceptance(name, open);
}
