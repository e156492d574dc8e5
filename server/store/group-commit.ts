import { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import type { Committed, WriteUnit, Written } from './write.ts';

/**
 * A commit costs about the same however much is in it: under load one follows another no faster than this. Who
 * writes alone does not wait.
 */
const SPACING_MS = 6;

/** Groups writes: those of one turn of the event loop, and all that come while a commit is under way. */
export class GroupCommit {
  readonly #commitAll: (units: readonly WriteUnit[]) => Promise<Committed>;
  #batch: { readonly units: WriteUnit[]; readonly done: Promise<Committed> } | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #began = Number.NEGATIVE_INFINITY;

  constructor(commitAll: (units: readonly WriteUnit[]) => Promise<Committed>) {
    this.#commitAll = commitAll;
  }

  /** Rejects where this unit cannot be written; the others in the commit are. Errors: documentReplaced, storeFailed. */
  async write(unit: WriteUnit): Promise<Written> {
    if (this.#batch === null) {
      const units: WriteUnit[] = [];
      const done = this.#last
        .then(() => this.#turn())
        .then(() => {
          this.#batch = null;
          return this.#commitAll(units);
        });
      this.#batch = { units, done };
      this.#last = done.catch(() => undefined);
    }
    const { units, done } = this.#batch;
    const index = units.push(unit) - 1;
    const { lsn, replaced, failed } = await done;
    if (replaced.includes(index)) throw serverErrors.documentReplaced({ where: unit[0]?.path ?? '' });
    for (const one of failed) if (one.index === index) throw new AnnealError(one.why);
    return { lsn };
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
