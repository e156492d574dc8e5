import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';

export interface Allowance {
  /** So many at once, ... */
  readonly burst: number;
  /** ... and one more each so many milliseconds. */
  readonly everyMs: number;
}

/** Those who try most are remembered, so that many names cannot fill the memory. */
const MAX_KEYS = 20_000;

/**
 * Attempts by key, such as a name or an address: each is counted before it is known how it ends, so that many at
 * once gain nothing, and given back when it succeeds.
 */
export class Throttle {
  /** Told what is taken and given back here, for the other servers of a database. */
  onChange: (keys: ReadonlyMap<string, Allowance>, change: 'taken' | 'given back') => void = () => undefined;
  readonly #clock: Clock;
  /** When the key's allowance is full again, in the monotonic time of the clock. */
  readonly #fullAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws tooManyAttempts, with the seconds to wait, where any key has none left; then nothing is counted. */
  take(keys: ReadonlyMap<string, Allowance>): void {
    const now = this.#clock.elapsed();
    let wait = 0;
    for (const [key, { burst, everyMs }] of keys) {
      const debt = Math.max(0, (this.#fullAt.get(key) ?? now) - now);
      wait = Math.max(wait, debt - (burst - 1) * everyMs);
    }
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      throw protocolErrors.tooManyAttempts({
        message: `Too many attempts: try again in ${seconds} s`,
        data: { retryAfterSeconds: seconds },
      });
    }
    this.hear(keys, 'taken');
    this.onChange(keys, 'taken');
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  giveBack(keys: ReadonlyMap<string, Allowance>): void {
    this.hear(keys, 'given back');
    this.onChange(keys, 'given back');
  }

  /** What happened at another server counts here too. */
  hear(keys: ReadonlyMap<string, Allowance>, change: 'taken' | 'given back'): void {
    const now = this.#clock.elapsed();
    for (const [key, { everyMs }] of keys) {
      const fullAt = this.#fullAt.get(key);
      if (change === 'taken') this.#set(key, Math.max(now, fullAt ?? now) + everyMs);
      else if (fullAt !== undefined) this.#set(key, fullAt - everyMs);
    }
  }

  #set(key: string, fullAt: number): void {
    this.#fullAt.delete(key);
    if (fullAt > this.#clock.elapsed()) this.#fullAt.set(key, fullAt);
    if (this.#fullAt.size > MAX_KEYS) this.#forget();
  }

  /** A tenth of them, those that owe least: to have a name forgotten one would try many others as often. */
  #forget(): void {
    const byDebt = [...this.#fullAt].sort(([, one], [, other]) => one - other);
    for (const [key] of byDebt.slice(0, MAX_KEYS / 10)) this.#fullAt.delete(key);
  }
}
