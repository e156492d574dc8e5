import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Backlog } from '../sync/backlog.ts';
import type { Asking, Line } from './line.ts';
import { tooManyRequests } from './line.ts';

export interface PassParts {
  readonly line: Line;
  /** Of the address: what is in memory of bodies that come and of answers that are not taken. */
  readonly bodies: Backlog;
  readonly unread: Backlog;
  /** It is not in flight any more. */
  readonly release: () => void;
}

/** What one request uses of what its address has. */
export class Pass {
  readonly #parts: PassParts;
  #asking: Asking | null = null;
  #rest: (() => void) | null = null;
  #bodyBytes = 0;
  #answerBytes = 0;
  #closed = false;
  #isWorkedOn = false;

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  enter(go: () => void, refuse: (error: AnnealError) => void): void {
    this.#ask({ isNew: true }, go, refuse);
  }

  /**
   * What it asks for: its place is its own until that is done, or rests, also where nobody waits for the answer any
   * more. `isAnswered`: it has written its answer itself, which may have to wait until another one was taken.
   * Errors: aborted.
   */
  async during<T>(work: () => Promise<T>, isAnswered: () => boolean = () => false): Promise<T> {
    if (this.#closed) throw protocolErrors.aborted();
    this.#isWorkedOn = true;
    try {
      return await work();
    } finally {
      this.#isWorkedOn = false;
      if (this.#closed) this.#leave();
      else if (isAnswered()) this.rest();
    }
  }

  /** Of what is done for it while it rests. */
  charge(): () => void {
    return this.#parts.line.charge();
  }

  /** Others have its place while it only sends or takes bytes. */
  rest(): void {
    this.#rest?.();
    this.#rest = null;
  }

  /** Back to work, when it is its turn; `isPatient`: whenever that is. Errors: tooManyRequests. */
  resume(isPatient = false): Promise<void> {
    if (this.#rest !== null || (this.#closed && !this.#isWorkedOn)) return Promise.resolve();
    return new Promise((done, fail) => this.#ask({ isNew: false, isPatient }, done, fail));
  }

  /** Of a body that is kept until it is whole. Errors: tooManyRequests. */
  receive(bytes: number): void {
    if (this.#closed) return;
    if (this.#parts.bodies.isFull) throw tooManyRequests();
    this.#bodyBytes += bytes;
    this.#parts.bodies.add(bytes);
  }

  /** It is answered with so much, which is in memory until it was taken. Errors: tooManyRequests. */
  answer(bytes: number): void {
    if (this.#closed) return;
    if (this.#parts.unread.isFull) throw tooManyRequests();
    this.#answerBytes += bytes;
    this.#parts.unread.add(bytes);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.bodies.takeOff(this.#bodyBytes);
    this.#parts.unread.takeOff(this.#answerBytes);
    if (!this.#isWorkedOn) this.#leave();
  }

  #leave(): void {
    if (this.#asking !== null) this.#parts.line.forget(this.#asking);
    this.rest();
    this.#parts.release();
  }

  #ask(how: Pick<Asking, 'isNew' | 'isPatient'>, go: () => void, refuse: (error: AnnealError) => void): void {
    const asking = {
      ...how,
      refuse,
      go: (rest: () => void) => {
        this.#asking = null;
        this.#rest = rest;
        go();
      },
    };
    this.#asking = asking;
    this.#parts.line.ask(asking);
  }
}
