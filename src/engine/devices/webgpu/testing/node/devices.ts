import { nodeGpu } from '../../../node/dawn.ts';
import { openGpu } from '../../adapter.ts';
import { openWebgpu, type WebgpuDevice, type WebgpuOptions } from '../../device.ts';

/**
 * Devices over one GPU device, which compiles a text once for all of them: kernels take a software adapter
 * longer to compile than to run.
 */
export class SharedGpu {
  readonly #gpu: GPUDevice;
  /** Dawn knows a pipeline again only while somebody holds it. */
  readonly #opened: WebgpuDevice[] = [];

  private constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** Null where Node has no adapter. */
  static async create(): Promise<SharedGpu | null> {
    const gpu = await nodeGpu();
    if ((await gpu?.requestAdapter()) == null) return null;
    return new SharedGpu((await openGpu(gpu ?? undefined)).device);
  }

  async open(options: WebgpuOptions = {}): Promise<WebgpuDevice> {
    const device = await openWebgpu(this.#gpu, options);
    this.#opened.push(device);
    return device;
  }

  dispose(): void {
    for (const device of this.#opened.splice(0)) device.dispose();
    this.#gpu.destroy();
  }
}

/** One adapter three times: as it is, taken for a real GPU, and without subgroups. */
export interface TestDevices {
  readonly software: WebgpuDevice;
  readonly gpu: WebgpuDevice;
  readonly plain: WebgpuDevice;
  readonly shared: SharedGpu;
}

export const KINDS = ['software', 'gpu', 'plain'] as const;

/** Null where Node has no adapter. */
export async function testDevices(): Promise<TestDevices | null> {
  const shared = await SharedGpu.create();
  if (shared === null) return null;
  return {
    software: await shared.open(),
    gpu: await shared.open({ facts: { software: false } }),
    plain: await shared.open({ facts: { subgroups: false, subgroup_size: [0, 0] } }),
    shared,
  };
}

export function disposeAll(devices: TestDevices | null): void {
  devices?.shared.dispose();
}
