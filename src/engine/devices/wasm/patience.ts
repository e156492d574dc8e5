/**
 * How long one waits for threads that say nothing: as long as something gets done, for ever; otherwise so
 * many waits.
 */
export class Patience {
  readonly #most: number;
  #left: number;
  #seen = '';

  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /** After each wait, with words that change when something has been done. False when it is at its end. */
  lasts(progress: readonly number[]): boolean {
    const seen = progress.join();
    this.#left = seen === this.#seen ? this.#left - 1 : this.#most;
    this.#seen = seen;
    return this.#left > 0;
  }
}
