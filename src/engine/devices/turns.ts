import type { AnnealError } from '../../base/error.ts';
import { deviceErrors } from '../errors.ts';

/** One thing after the other, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs `work` when all before it is done, whether or not that went well. */
  take<T>(work: () => Promise<T> | T): Promise<T> {
    this.#waiting++;
    const mine = this.#last.then(async () => {
      try {
        return await work();
      } finally {
        this.#waiting--;
      }
    });
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** Runs `work` at once when nothing is under way or waits, else behind that; what it then throws goes to `failed`. */
  whenIdle(work: () => void, failed: (cause: unknown) => void): void {
    if (this.#waiting === 0) work();
    else this.#last = this.#last.then(work).catch(failed);
  }
}

/** Why a device cannot be used any more where freeing what was closed went wrong. */
export function notGivenBack(cause: unknown): AnnealError {
  return deviceErrors.failed({ message: `What was closed could not be given back: ${cause}`, cause });
}
