export interface Rates {
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
  /** Of the server's one thread, in milliseconds. */
  readonly msPerSecond: number;
  /** No more is owed than so many seconds give back; left out: all that was used. */
  readonly owedSeconds?: number;
}

/** Whom work is done for: charged for it, and served in turn with the others. */
export interface Payer {
  /** The same for all sockets of one address. */
  readonly address: object;
  spend(use: { readonly ms?: number; readonly bytes?: number }): void;
}

/** What a socket, or all sockets of an address, may use: two seconds' worth at once, then so much a second. */
export class Share {
  readonly #rates: Rates;
  readonly #now: () => number;
  #bytes: number;
  #messages: number;
  #ms: number;
  #refilled: number;

  constructor(rates: Rates, now: () => number = () => performance.now()) {
    this.#rates = rates;
    this.#now = now;
    this.#bytes = 2 * rates.bytesPerSecond;
    this.#messages = 2 * rates.messagesPerSecond;
    this.#ms = 2 * rates.msPerSecond;
    this.#refilled = now();
  }

  /** Takes a message of this length; answers with the milliseconds to wait before it is read. */
  take(bytes: number): number {
    this.#refill();
    this.#bytes -= bytes;
    this.#messages -= 1;
    return this.#debt();
  }

  /** Work or bytes that showed only when the message was read. */
  spend(use: { readonly ms?: number; readonly bytes?: number }): void {
    const { msPerSecond, bytesPerSecond, owedSeconds = Number.POSITIVE_INFINITY } = this.#rates;
    this.#ms = Math.max(this.#ms - (use.ms ?? 0), -owedSeconds * msPerSecond);
    this.#bytes = Math.max(this.#bytes - (use.bytes ?? 0), -owedSeconds * bytesPerSecond);
  }

  #refill(): void {
    const { bytesPerSecond, messagesPerSecond, msPerSecond } = this.#rates;
    const now = this.#now();
    const seconds = (now - this.#refilled) / 1000;
    this.#refilled = now;
    this.#bytes = Math.min(2 * bytesPerSecond, this.#bytes + seconds * bytesPerSecond);
    this.#messages = Math.min(2 * messagesPerSecond, this.#messages + seconds * messagesPerSecond);
    this.#ms = Math.min(2 * msPerSecond, this.#ms + seconds * msPerSecond);
  }

  #debt(): number {
    const { bytesPerSecond, messagesPerSecond, msPerSecond } = this.#rates;
    const seconds = Math.max(
      -this.#bytes / bytesPerSecond,
      -this.#messages / messagesPerSecond,
      -this.#ms / msPerSecond,
    );
    return seconds > 0 ? seconds * 1000 : 0;
  }
}
