/** What was opened, to be closed the other way round. */
export class Closing {
  readonly #steps: (() => unknown)[] = [];
  #closed: Promise<void> | null = null;

  /** As soon as there is something to close, so that a start that fails later closes it too. */
  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /**
   * Takes every step, also after one that failed: a port that hangs must not keep the database open. Rejects, when
   * all have been taken, with what failed. Asked again, it answers the same.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 1) throw new AggregateError(failures, 'Several parts did not close');
    if (failures.length > 0) throw failures[0];
  }
}
