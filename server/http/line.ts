import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Backlog } from '../sync/backlog.ts';
import type { Share } from '../sync/share.ts';
import type { Turns, Worker } from '../sync/turns.ts';
import type { RequestLimits } from './request-limits.ts';
import type { ThreadTime } from './thread-time.ts';

/** Wants to be worked on. */
export interface Asking {
  /** Charged as a message, and held up where its address owes; what has only been away is not asked again. */
  readonly isNew: boolean;
  /** It waits for as long as it takes: what it has brought is on disk, and took long to come. */
  readonly isPatient?: boolean;
  /** It is its turn; it gives its place up with what it is given. */
  go(rest: () => void): void;
  refuse(error: AnnealError): void;
}

export interface LineParts {
  /** Of the address. */
  readonly share: Share;
  /** Answers that have not been taken. */
  readonly unread: Backlog;
  readonly turns: Turns;
  readonly time: ThreadTime;
  readonly limits: RequestLimits;
}

/** The requests of one address: so many at once, in their order, and none before the address has paid for the others. */
export class Line implements Worker {
  readonly #parts: LineParts;
  readonly #waiting: Asking[] = [];
  readonly #deadlines = new Map<Asking, NodeJS.Timeout>();
  #atWork = 0;
  /** The one at the head has been charged. */
  #charged: Asking | null = null;
  #owes = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /** At once, where nobody waits and nothing is owed. */
  ask(asking: Asking): void {
    if (asking.isNew) this.#waiting.push(asking);
    else this.#waiting.unshift(asking); // it holds what it has brought
    this.#parts.turns.request(this);
    if (asking.isPatient === true || !this.#waiting.includes(asking)) return;
    const late = (): void => {
      this.forget(asking);
      asking.refuse(tooManyRequests(this.#parts.limits.waitMs));
    };
    const timer = setTimeout(late, this.#parts.limits.waitMs);
    timer.unref();
    this.#deadlines.set(asking, timer);
  }

  /** It does not wait any more. */
  forget(asking: Asking): void {
    const at = this.#waiting.indexOf(asking);
    if (at >= 0) this.#waiting.splice(at, 1);
    clearTimeout(this.#deadlines.get(asking));
    this.#deadlines.delete(asking);
  }

  /** The address pays for what the thread does until the answer is called, out of turn. */
  charge(): () => void {
    return this.#parts.time.enter(this.#parts.share);
  }

  turn(): boolean {
    const [next] = this.#waiting;
    const { share, time, limits } = this.#parts;
    if (next === undefined || this.#owes || this.#atWork >= limits.atOnce) return false;
    if (next.isNew && (this.#isUnread() || this.#mustPay(next))) return false;
    this.forget(next);
    this.#atWork += 1;
    const leave = time.enter(share);
    let rested = false;
    next.go(() => {
      if (rested) return;
      rested = true;
      leave();
      this.#atWork -= 1;
      this.#parts.turns.request(this);
    });
    return this.#waiting.length > 0;
  }

  #isUnread(): boolean {
    const { unread } = this.#parts;
    if (unread.isFull) unread.whenFree(this.#again);
    return unread.isFull;
  }

  #mustPay(next: Asking): boolean {
    if (this.#charged === next) return false;
    this.#charged = next;
    const wait = this.#parts.share.take(0);
    if (wait === 0) return false;
    this.#owes = true;
    const paid = (): void => {
      this.#owes = false;
      this.#again();
    };
    setTimeout(paid, wait).unref();
    return true;
  }

  readonly #again = (): void => this.#parts.turns.request(this);
}

export function tooManyRequests(waitMs = 1000): AnnealError {
  return protocolErrors.tooManyRequests({ data: { retryAfterSeconds: Math.ceil(waitMs / 1000) } });
}
