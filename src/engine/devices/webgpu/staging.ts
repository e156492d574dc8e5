import { USAGE } from './buffers.ts';

/** Where a run's outputs wait to be read: taken in turn, so that several runs may be under way. */
export class StagingRing {
  readonly bytes: number;
  readonly #device: GPUDevice;
  readonly #size: number;
  readonly #free: (GPUBuffer | null)[];
  readonly #all: readonly (GPUBuffer | null)[];
  readonly #waiting: ((buffer: GPUBuffer | null) => void)[] = [];

  /** `size` 0 where nothing is read back: the ring then only limits how many runs are under way. */
  constructor(device: GPUDevice, size: number, slots: number) {
    this.#device = device;
    this.#size = size;
    this.#all = Array.from({ length: slots }, () =>
      size === 0
        ? null
        : device.createBuffer({ label: 'outputs', size, usage: USAGE.mapRead | USAGE.copyTarget }),
    );
    this.#free = [...this.#all];
    this.bytes = size * slots;
  }

  /** The next free one, first come, first served. */
  take(): GPUBuffer | null | Promise<GPUBuffer | null> {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves with what the GPU has written there, when all that was submitted before is done. */
  async read(slot: GPUBuffer | null): Promise<ArrayBuffer> {
    try {
      if (slot === null) {
        await this.#device.queue.onSubmittedWorkDone();
        return new ArrayBuffer(0);
      }
      await slot.mapAsync(1, 0, this.#size);
      const copy = slot.getMappedRange(0, this.#size).slice(0);
      slot.unmap();
      return copy;
    } finally {
      this.give(slot);
    }
  }

  give(slot: GPUBuffer | null): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(slot);
    else this.#free.push(slot);
  }

  destroy(): void {
    for (const buffer of this.#all) buffer?.destroy();
  }
}
