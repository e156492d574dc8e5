import { scoped } from './scopes.ts';
import { bufferSizes, chunkBytes } from './spaces.ts';

/** GPUBufferUsage as numbers: the global exists in browsers only. */
export const USAGE = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  storage: 0x80,
  queryResolve: 0x200,
} as const;

interface Limits {
  readonly max_buffer_bytes: number;
  readonly max_binding_bytes: number;
}

/** The GPU buffers of a space. */
export class SpaceBuffers {
  readonly bytes: number;
  readonly buffers: readonly GPUBuffer[];
  readonly #device: GPUDevice;
  readonly #chunk: number;

  private constructor(device: GPUDevice, buffers: readonly GPUBuffer[], bytes: number, chunk: number) {
    this.#device = device;
    this.buffers = buffers;
    this.bytes = bytes;
    this.#chunk = chunk;
  }

  /** All zeros. Throws ANN-DEV-002 where memory does not suffice, and then holds none. `what` is for messages. */
  static async allocate(
    device: GPUDevice,
    limits: Limits,
    bytes: number,
    what: string,
  ): Promise<SpaceBuffers> {
    const made: GPUBuffer[] = [];
    const free = () => {
      for (const buffer of made) buffer.destroy();
    };
    try {
      await scoped(device, `Allocating ${bytes} bytes for ${what}`, () => {
        for (const size of bufferSizes(bytes, limits)) made.push(storageBuffer(device, size, what));
      });
    } catch (error) {
      free();
      throw error;
    }
    return new SpaceBuffers(device, made, bytes, chunkBytes(limits));
  }

  /** A space of no bytes. */
  static none({ device, facts }: { readonly device: GPUDevice; readonly facts: Limits }): SpaceBuffers {
    return new SpaceBuffers(device, [], 0, chunkBytes(facts));
  }

  /** `start` and the length are multiples of 4 bytes. Queued. */
  write(start: number, data: Uint8Array<ArrayBuffer>): void {
    this.#each(start, data.byteLength, (buffer, offset, from, bytes) => {
      this.#device.queue.writeBuffer(buffer, offset, data, from, bytes);
    });
  }

  copyOut(encoder: GPUCommandEncoder, start: number, bytes: number, to: GPUBuffer, at: number): void {
    this.#each(start, bytes, (buffer, offset, from, part) => {
      encoder.copyBufferToBuffer(buffer, offset, to, at + from, part);
    });
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }

  #each(
    start: number,
    bytes: number,
    visit: (buffer: GPUBuffer, offset: number, from: number, bytes: number) => void,
  ): void {
    for (let done = 0; done < bytes; ) {
      const index = Math.floor((start + done) / this.#chunk);
      const offset = start + done - index * this.#chunk;
      const part = Math.min(bytes - done, this.#chunk - offset);
      visit(this.buffers[index] as GPUBuffer, offset, done, part);
      done += part;
    }
  }
}

export function storageBuffer(device: GPUDevice, size: number, label: string): GPUBuffer {
  return device.createBuffer({ label, size, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget });
}
