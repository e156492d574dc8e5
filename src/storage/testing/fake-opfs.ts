/**
 * As much of the origin private file system of a dedicated worker as a checkpoint store uses, in memory.
 * `budget` is how many bytes may still be written: then `fail` decides what the write does.
 */
export class FakeOpfs {
  budget = Number.POSITIVE_INFINITY;
  fail: 'quota' | 'short' | 'number' | 'killed' = 'quota';
  readonly root = new FakeDirectory(this) as unknown as FileSystemDirectoryHandle;
  /** After a kill nothing of the old process runs, its clean-up included. */
  dead = false;
}

class FakeDirectory {
  readonly #disk: FakeOpfs;
  readonly #entries = new Map<string, FakeDirectory | FakeFile>();

  constructor(disk: FakeOpfs) {
    this.#disk = disk;
  }

  async getDirectoryHandle(
    name: string,
    options: { readonly create?: boolean } = {},
  ): Promise<FakeDirectory> {
    const found = this.#entries.get(name);
    if (found instanceof FakeDirectory) return found;
    if (!options.create) throw new DOMException(name, 'NotFoundError');
    const made = new FakeDirectory(this.#disk);
    this.#entries.set(name, made);
    return made;
  }

  async getFileHandle(name: string, options: { readonly create?: boolean } = {}): Promise<FakeFile> {
    const found = this.#entries.get(name);
    if (found instanceof FakeFile) return found;
    if (!options.create) throw new DOMException(name, 'NotFoundError');
    const made = new FakeFile(this.#disk);
    this.#entries.set(name, made);
    return made;
  }

  async removeEntry(name: string): Promise<void> {
    if (this.#disk.dead) throw new Error('killed');
    if (!this.#entries.delete(name)) throw new DOMException(name, 'NotFoundError');
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.#entries.keys()];
  }
}

class FakeFile {
  readonly #disk: FakeOpfs;
  #bytes = new Uint8Array(0);

  constructor(disk: FakeOpfs) {
    this.#disk = disk;
  }

  async getFile(): Promise<Blob> {
    return new Blob([this.#bytes]);
  }

  async createSyncAccessHandle() {
    const disk = this.#disk;
    return {
      truncate: (bytes: number) => {
        this.#bytes = this.#bytes.slice(0, bytes);
      },
      write: (piece: Uint8Array, { at }: { readonly at: number }): number => {
        // What Chromium does: nothing is written, and its own number for it comes back.
        if (disk.fail === 'number' && piece.byteLength > disk.budget) return 2 ** 32 - 8;
        const fits = Math.min(piece.byteLength, disk.budget);
        const grown = new Uint8Array(Math.max(this.#bytes.byteLength, at + fits));
        grown.set(this.#bytes);
        grown.set(piece.subarray(0, fits), at);
        this.#bytes = grown;
        disk.budget -= fits;
        if (fits === piece.byteLength || disk.fail === 'short') return fits;
        if (disk.fail === 'quota') throw new DOMException('full', 'QuotaExceededError');
        disk.dead = true;
        throw new Error('killed');
      },
      flush: () => {},
      close: () => {},
    };
  }
}
