/**
 * The address space of a memory plan: best fit over the free gaps, growing at the end. Sizes and
 * offsets are multiples of 256 bytes, which is what WebGPU asks of a storage buffer binding.
 */
export const ARENA_ALIGNMENT = 256;

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ARENA_ALIGNMENT) * ARENA_ALIGNMENT;
}

export class Arena {
  /** Gaps by offset, ascending, never touching one another. */
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  #end = 0;

  /** Bytes that the arena has to have. */
  get bytes(): number {
    return this.#end;
  }

  /** `size` is aligned. Takes the smallest gap that holds it. */
  take(size: number): number {
    let best = -1;
    let bestSize = Number.POSITIVE_INFINITY;
    const sizes = this.#sizes;
    for (let i = 0; i < sizes.length; i++) {
      const gap = sizes[i] as number;
      if (gap >= size && gap < bestSize) {
        best = i;
        bestSize = gap;
        if (gap === size) break;
      }
    }
    if (best >= 0) {
      const offset = this.#offsets[best] as number;
      if (bestSize === size) {
        this.#offsets.splice(best, 1);
        sizes.splice(best, 1);
      } else {
        this.#offsets[best] = offset + size;
        sizes[best] = bestSize - size;
      }
      return offset;
    }
    // A gap at the very end grows, rather than leaving it behind.
    const last = sizes.length - 1;
    const lastOffset = this.#offsets[last];
    if (lastOffset !== undefined && lastOffset + (sizes[last] as number) === this.#end) {
      this.#offsets.pop();
      sizes.pop();
      this.#end = lastOffset + size;
      return lastOffset;
    }
    const offset = this.#end;
    this.#end += size;
    return offset;
  }

  give(offset: number, size: number): void {
    const offsets = this.#offsets;
    const sizes = this.#sizes;
    let low = 0;
    let high = offsets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((offsets[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    const joinsBefore = low > 0 && (offsets[low - 1] as number) + (sizes[low - 1] as number) === offset;
    const joinsAfter = low < offsets.length && offset + size === (offsets[low] as number);
    if (joinsBefore && joinsAfter) {
      sizes[low - 1] = (sizes[low - 1] as number) + size + (sizes[low] as number);
      offsets.splice(low, 1);
      sizes.splice(low, 1);
    } else if (joinsBefore) {
      sizes[low - 1] = (sizes[low - 1] as number) + size;
    } else if (joinsAfter) {
      offsets[low] = offset;
      sizes[low] = (sizes[low] as number) + size;
    } else {
      offsets.splice(low, 0, offset);
      sizes.splice(low, 0, size);
    }
  }
}
