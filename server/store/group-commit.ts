import type { Write, Written } from './write.ts';

/** Groups writes without a timer: while one commit is under way the next writes collect, and go together. */
export class GroupCommit {
  readonly #commitAll: (writes: readonly Write[]) => Promise<Written>;
  #batch: { readonly writes: Write[]; readonly done: Promise<Written> } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(commitAll: (writes: readonly Write[]) => Promise<Written>) {
    this.#commitAll = commitAll;
  }

  write(write: Write): Promise<Written> {
    if (this.#batch === null) {
      const writes: Write[] = [];
      const done = this.#last.then(() => {
        this.#batch = null;
        return this.#commitAll(writes);
      });
      this.#batch = { writes, done };
      this.#last = done.catch(() => undefined);
    }
    this.#batch.writes.push(write);
    return this.#batch.done;
  }

  /** Resolves when what was written before is on disk, or has failed. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
