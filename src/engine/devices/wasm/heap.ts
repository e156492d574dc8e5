import { deviceErrors } from '../../errors.ts';

const PAGE = 65_536;
/** Blocks begin at multiples of this: as the places in a plan do. */
const ALIGNMENT = 256;
/** What vectors may read beyond the last block. */
const MARGIN = 64;

/**
 * Blocks of one linear memory: first fit, neighbours joined when they are given back. The memory grows
 * and never shrinks; what is given back is used again.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Free blocks by address, none next to another. */
  #free: { at: number; bytes: number }[] = [];
  /** Where no block has ever been. */
  #end: number;
  readonly limit: number;

  /** `start`: where free memory begins. `limit`: the most bytes the memory may have. */
  constructor(memory: WebAssembly.Memory, start: number, limit: number) {
    this.memory = memory;
    this.#end = aligned(start);
    this.limit = limit;
  }

  /** The address of `bytes` bytes, of whatever content. Throws ANN-DEV-002 and changes nothing where they do not fit. */
  take(bytes: number, what: string): number {
    const wanted = Math.max(ALIGNMENT, aligned(bytes));
    const found = this.#free.findIndex((block) => block.bytes >= wanted);
    const block = this.#free[found];
    if (block !== undefined) {
      const { at } = block;
      block.at += wanted;
      block.bytes -= wanted;
      if (block.bytes === 0) this.#free.splice(found, 1);
      return at;
    }
    // A free block at the end can grow.
    const last = this.#free[this.#free.length - 1];
    const at = last !== undefined && last.at + last.bytes === this.#end ? last.at : this.#end;
    this.#grow(at + wanted, bytes, what);
    if (at !== this.#end) this.#free.pop();
    this.#end = at + wanted;
    return at;
  }

  /** `bytes` as they were asked for. */
  give(at: number, bytes: number): void {
    const size = Math.max(ALIGNMENT, aligned(bytes));
    let next = this.#free.findIndex((block) => block.at > at);
    if (next < 0) next = this.#free.length;
    this.#free.splice(next, 0, { at, bytes: size });
    this.#join(next);
    this.#join(next - 1);
  }

  /** Bytes in blocks that are taken. */
  get taken(): number {
    return this.#free.reduce((rest, block) => rest - block.bytes, this.#end);
  }

  floats(at: number, count: number): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.memory.buffer, at, count);
  }

  ints(at: number, count: number): Int32Array<ArrayBufferLike> {
    return new Int32Array(this.memory.buffer, at, count);
  }

  #join(index: number): void {
    const [block, next] = [this.#free[index], this.#free[index + 1]];
    if (block === undefined || next === undefined || block.at + block.bytes !== next.at) return;
    block.bytes += next.bytes;
    this.#free.splice(index + 1, 1);
  }

  #grow(end: number, bytes: number, what: string): void {
    const have = this.memory.buffer.byteLength;
    const needed = end + MARGIN - have;
    if (needed <= 0) return;
    if (end + MARGIN <= this.limit) {
      try {
        this.memory.grow(Math.ceil(needed / PAGE));
        return;
      } catch {
        // The engine or the machine has no more; said below.
      }
    }
    throw deviceErrors.outOfMemory({
      message: `${what} of ${megabytes(bytes)} does not fit: the WASM memory holds ${megabytes(this.taken)} already and may grow to ${megabytes(this.limit)}`,
      data: { bytes, taken: this.taken, limit: this.limit },
    });
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 23 ? 1 : 0)} MiB`;
}
