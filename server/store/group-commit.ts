import type { Write, Written } from './write.ts';

/**
 * A commit costs about the same however much is in it: under load one follows another no faster than this. Who
 * writes alone does not wait.
 */
const SPACING_MS = 6;

/** Groups writes: those of one turn of the event loop, and all that come while a commit is under way. */
export class GroupCommit {
  readonly #commitAll: (writes: readonly Write[]) => Promise<Written>;
  #batch: { readonly writes: Write[]; readonly done: Promise<Written> } | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #began = Number.NEGATIVE_INFINITY;

  constructor(commitAll: (writes: readonly Write[]) => Promise<Written>) {
    this.#commitAll = commitAll;
  }

  write(write: Write): Promise<Written> {
    if (this.#batch === null) {
      const writes: Write[] = [];
      const done = this.#last
        .then(() => this.#turn())
        .then(() => {
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

  /** All sockets that have something to say are heard, and the others told, before the store gets to work. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const begin = (): void => {
        this.#began = performance.now();
        resolve();
      };
      const wait = this.#began + SPACING_MS - performance.now();
      if (wait > 1) setTimeout(begin, wait);
      else setImmediate(begin);
    });
  }
}
