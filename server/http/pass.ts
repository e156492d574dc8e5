import type { AnnealError } from '../../src/base/error.ts';
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

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  enter(go: () => void, refuse: (error: AnnealError) => void): void {
    this.#ask(true, go, refuse);
  }

  /** Others have its place while it only sends or takes bytes. */
  rest(): void {
    this.#rest?.();
    this.#rest = null;
  }

  /** Back to work, when it is its turn. Errors: tooManyRequests. */
  resume(): Promise<void> {
    if (this.#rest !== null || this.#closed) return Promise.resolve();
    return new Promise((done, fail) => this.#ask(false, done, fail));
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
    if (this.#asking !== null) this.#parts.line.forget(this.#asking);
    this.rest();
    this.#parts.bodies.takeOff(this.#bodyBytes);
    this.#parts.unread.takeOff(this.#answerBytes);
    this.#parts.release();
  }

  #ask(isNew: boolean, go: () => void, refuse: (error: AnnealError) => void): void {
    const asking = {
      isNew,
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
