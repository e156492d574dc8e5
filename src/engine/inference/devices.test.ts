import { nodeGpu } from '../devices/node/dawn.ts';
import { nodeDeviceFactories } from '../devices/node/factories.ts';
import { decodeAcceptance } from './testing/decode-acceptance.ts';

const gpu = await nodeGpu();
for (const { name, open } of nodeDeviceFactories()) {
  if (!name.endsWith('webgpu') || gpu !== null) decodeAcceptance(name, open);
}
