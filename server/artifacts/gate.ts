/**
 * Lets many in who only add, or one alone who takes away: blobs are not collected while somebody puts an artifact
 * together from them.
 */
export class Gate {
  #adding = 0;
  #alone: Promise<void> = Promise.resolve();
  #empty: (() => void) | null = null;

  async adding<T>(work: () => Promise<T>): Promise<T> {
    for (let alone = this.#alone; ; alone = this.#alone) {
      await alone;
      if (alone === this.#alone) break;
    }
    this.#adding++;
    try {
      return await work();
    } finally {
      this.#adding--;
      if (this.#adding === 0) this.#empty?.();
    }
  }

  /** Those who come after it wait until the work is done. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#alone;
    const turn = (async () => {
      await before;
      if (this.#adding > 0) {
        await new Promise<void>((resolve) => {
          this.#empty = resolve;
        });
        this.#empty = null;
      }
      return work();
    })();
    this.#alone = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}
