/**
 * Counts what came and is not on disk yet, of a socket or of all sockets of an address. While the disk hangs no
 * more than the limit is taken in: the rest stays with the system, and at last with the sender.
 */
export class Backlog {
  readonly #limit: number;
  #bytes = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#bytes > this.#limit;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** It is on disk, or has failed. */
  takeOff(bytes: number): void {
    this.#bytes -= bytes;
    if (this.isFull || this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of waiting) listener();
  }

  /** Called once, when it is not full any more. */
  whenFree(listener: () => void): void {
    this.#waiting.add(listener);
  }

  forget(listener: () => void): void {
    this.#waiting.delete(listener);
  }
}
