/**
 * Writes checkpoints beside the training: what a checkpoint holds is read between two updates, and written
 * while the next ones are made. One at a time; what goes wrong is thrown where the end is awaited.
 */
export class CheckpointWriter {
  #writing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** Whether waiting for the end would throw: reason enough to wait for it now. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Call `settle` before: two writes at once could end in the wrong order. */
  start(write: () => Promise<void>): void {
    if (this.#writing) throw new Error('One checkpoint at a time.');
    this.#writing = write().then(
      () => undefined,
      (error: unknown) => {
        this.#failure = { error };
      },
    );
  }

  /** What was started is written, and told. Throws what writing threw, once. */
  async settle(): Promise<void> {
    await this.#writing;
    this.#writing = null;
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure.error;
  }
}
