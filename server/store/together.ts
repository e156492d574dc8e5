import type { Write, Writer, WriteUnit, Written } from './write.ts';

/** Gathers the writes of several documents into one unit. */
export class Together implements Writer {
  readonly #writes: Write[] = [];
  readonly #written: Promise<Written>;
  #settle: (written: Promise<Written>) => void = () => undefined;

  constructor() {
    this.#written = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#written.catch(() => undefined); // whoever wrote hears of it
  }

  /** Settles when the unit has been committed. */
  write(...unit: WriteUnit): Promise<Written> {
    this.#writes.push(...unit);
    return this.#written;
  }

  async commit(writer: Writer): Promise<void> {
    if (this.#writes.length === 0) return;
    this.#settle(writer.write(...this.#writes));
    await this.#written;
  }

  /** Nothing is written. */
  drop(error: unknown): void {
    this.#settle(Promise.reject(error));
  }
}
