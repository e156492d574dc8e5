import { nodeDeviceFactories } from '../devices/node/factories.ts';
import { resumeAcceptance } from './testing/resume-acceptance.ts';

for (const { name, open } of nodeDeviceFactories()) resumeAcceptance(name, open);
