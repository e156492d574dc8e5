import type { Clock } from '../../src/base/clock.ts';

const AT_MOST = 1_000;

/**
 * Answers of the store that change seldom, for a moment: when a server starts, everybody asks the same. That
 * something is not there is not remembered.
 */
export class Remembered<T> {
  readonly #ask: (key: string) => Promise<T | null>;
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #forMs: number;
  readonly #answers = new Map<string, { readonly answer: Promise<T | null>; readonly until: number }>();

  constructor(ask: (key: string) => Promise<T | null>, clock: Pick<Clock, 'elapsed'>, forMs: number) {
    this.#ask = ask;
    this.#clock = clock;
    this.#forMs = forMs;
  }

  get(key: string): Promise<T | null> {
    const now = this.#clock.elapsed();
    const known = this.#answers.get(key);
    if (known !== undefined && now < known.until) return known.answer;
    if (this.#answers.size >= AT_MOST) this.#answers.clear();
    const answer = this.#ask(key);
    this.#answers.set(key, { answer, until: now + this.#forMs });
    const forget = (): void => {
      if (this.#answers.get(key)?.answer === answer) this.#answers.delete(key);
    };
    answer.then((found) => found === null && forget(), forget);
    return answer;
  }

  /** It has changed: who asks from now on gets what is so now. */
  forget(key: string): void {
    this.#answers.delete(key);
  }
}
