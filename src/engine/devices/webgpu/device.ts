import type { AnnealError } from '../../../base/error.ts';
import type { Device, DeviceCeilings, DeviceInfo } from '../../device.ts';
import type { StateSpec } from '../../graph/ir.ts';
import { claimedFacts, type OpenedGpu, openGpu } from './adapter.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import { measureCeilings } from './ceilings.ts';
import { passGate } from './gate.ts';
import { Gpu } from './gpu.ts';
import { WebgpuSession } from './session.ts';
import type { TilingStore } from './tilings.ts';

export interface WebgpuOptions {
  /** Takes these for what the adapter says: lower limits, features left out. For tests. */
  readonly facts?: Partial<AdapterFacts>;
  /** Where the fastest tilings of this adapter are kept; without it the best guesses are used. */
  readonly tilings?: TilingStore | null;
}

/**
 * Opens the device on an adapter of `source`, or on a GPU device that others use too: tfjs or
 * onnxruntime-web may work on the same one, and its buffers are theirs to read (docs/adr/0007). Throws ANN-DEV-003 where
 * there is no adapter, ANN-DEV-005 where it computes wrongly.
 */
export async function openWebgpu(
  source: GPU | GPUDevice | undefined,
  options: WebgpuOptions = {},
): Promise<WebgpuDevice> {
  const opened = await openGpu(source);
  try {
    const claimed = { ...claimedFacts(opened), ...options.facts };
    const facts = await passGate(opened.device, claimed);
    // A store that does not answer is no reason to go without the device.
    const tuned = (await options.tilings?.load(claimed.description).catch(() => ({}))) ?? {};
    return new WebgpuDevice(
      opened,
      new Gpu(opened.device, facts, options.tilings, tuned, claimed.description),
    );
  } catch (error) {
    if (opened.own) opened.device.destroy();
    throw error;
  }
}

/** Runs plans as recorded compute passes of kernels that are generated in WGSL. */
export class WebgpuDevice implements Device {
  readonly info: DeviceInfo;
  /** The next step is encoded and submitted while this one computes; its loss is read afterwards. */
  readonly runs_ahead = 2;
  readonly lost: Promise<AnnealError>;
  /** For whoever shares it. */
  readonly gpuDevice: GPUDevice;
  readonly gpu: Gpu;
  readonly #own: boolean;
  readonly #sessions = new Set<WebgpuSession>();

  constructor({ device, own }: OpenedGpu, gpu: Gpu) {
    this.gpuDevice = device;
    this.gpu = gpu;
    this.lost = this.gpu.lost;
    this.#own = own;
    this.info = {
      name: 'webgpu',
      description: gpu.facts.description,
      // Tensors larger than a buffer are spread over several, so nothing limits one but memory.
      limits: { max_buffer_bytes: null, memory_bytes: null },
    };
  }

  get stores_halves(): boolean {
    return this.gpu.facts.half_storage;
  }

  async open(state: readonly StateSpec[]): Promise<WebgpuSession> {
    if (this.gpu.gone !== null) throw this.gpu.gone;
    const session = await WebgpuSession.open(this.gpu, state, (closed) => this.#sessions.delete(closed));
    this.#sessions.add(session);
    if (this.gpu.gone === null) return session;
    // It was closed meanwhile: on a GPU device that others go on using nobody else would free this.
    session.dispose();
    throw this.gpu.gone;
  }

  ceilings(): Promise<DeviceCeilings> {
    return measureCeilings(this);
  }

  dispose(): void {
    this.gpu.close(this.#own);
    for (const session of [...this.#sessions]) session.dispose();
  }
}
