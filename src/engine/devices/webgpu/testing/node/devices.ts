import { nodeGpu } from '../../../node/dawn.ts';
import type { AdapterFacts } from '../../adapter-facts.ts';
import { openWebgpu, type WebgpuDevice } from '../../device.ts';

/** One adapter three times: as it is, taken for a real GPU, and without subgroups. */
export interface TestDevices {
  readonly software: WebgpuDevice;
  readonly gpu: WebgpuDevice;
  readonly plain: WebgpuDevice;
}

export const KINDS = ['software', 'gpu', 'plain'] as const;

/** Null where Node has no adapter. */
export async function testDevices(): Promise<TestDevices | null> {
  const software = await testDevice();
  const gpu = await testDevice({ software: false });
  const plain = await testDevice({ subgroups: false, subgroup_size: [0, 0] });
  if (software === null || gpu === null || plain === null) return null;
  return { software, gpu, plain };
}

export function disposeAll(devices: TestDevices | null): void {
  for (const device of Object.values(devices ?? {})) device.dispose();
}

/** The device under test on whatever adapter Node has; null without one. */
async function testDevice(facts: Partial<AdapterFacts> = {}): Promise<WebgpuDevice | null> {
  const gpu = await nodeGpu();
  if ((await gpu?.requestAdapter()) == null) return null;
  return openWebgpu(gpu ?? undefined, { facts });
}
