import type { WebSocket } from 'ws';
import type { Backlog } from './backlog.ts';
import type { ConnectionParts } from './connection-parts.ts';
import type { Worker } from './turns.ts';

/** What becomes of the frames of one socket. */
export interface Reading {
  /** Null where the frame has been dealt with; else nothing more is read before it has. */
  read(frame: Uint8Array): Promise<unknown> | null;
  refuse(error: unknown): void;
  /** A frame has been dealt with. */
  done(): void;
}

/** The frames of one socket, in their order and never faster than its share, and no more of them than there is room. */
export class Inlet implements Worker {
  readonly #socket: WebSocket;
  readonly #parts: ConnectionParts;
  readonly #backlogs: readonly Backlog[];
  readonly #reading: Reading;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #paused = false;
  /** A frame is being worked on elsewhere, or it is not this socket's time yet. */
  #waits = false;
  /** The frame at the head of the queue has been charged. */
  #charged = false;
  #stopped = false;
  /** Nothing more is taken from the system. */
  #shut = false;

  constructor(socket: WebSocket, parts: ConnectionParts, backlogs: readonly Backlog[], reading: Reading) {
    this.#socket = socket;
    this.#parts = parts;
    this.#backlogs = backlogs;
    this.#reading = reading;
  }

  /** All that has come has been read. */
  get isEmpty(): boolean {
    return this.#queue.length === 0 && !this.#waits;
  }

  /** What the other side sends is not read for now. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** The disk does not keep up: what is on its way to it is in memory. */
  isBacklogged(): boolean {
    for (const backlog of this.#backlogs) {
      if (!backlog.isFull) continue;
      backlog.whenFree(this.#whenFree);
      return true;
    }
    return false;
  }

  /** The socket was paused until its document was there. */
  begin(): void {
    this.#socket.resume();
    this.#paused = false;
    this.flow();
  }

  /** Reads what has come, and nothing more. */
  shut(): void {
    this.#shut = true;
    this.flow();
  }

  /** Lets go of what has come; nothing is read any more. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#parts.turns.cancel(this);
    for (const backlog of this.#backlogs) backlog.forget(this.#whenFree);
  }

  take(frame: Uint8Array): void {
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#parts.metrics.received(frame.length);
    this.flow();
    if (!this.#waits) this.#parts.turns.request(this);
  }

  turn(): boolean {
    const frame = this.#queue[0];
    if (frame === undefined || this.#waits || this.#stopped || this.isBacklogged()) return false;
    if (!this.#charged) {
      this.#charged = true;
      const wait = Math.max(...this.#parts.shares.map((share) => share.take(frame.length)));
      if (wait > 0) {
        this.#parts.metrics.throttled();
        this.#waitFor(new Promise((resolve) => setTimeout(resolve, wait)));
        return false;
      }
    }
    this.#queue.shift();
    this.#queuedBytes -= frame.length;
    this.#charged = false;
    this.flow();
    const began = performance.now();
    try {
      const work = this.#reading.read(frame);
      if (work !== null) this.#waitFor(work);
    } catch (error) {
      this.#reading.refuse(error);
    }
    this.spend({ ms: performance.now() - began });
    this.#reading.done();
    return !this.#waits && !this.#stopped && this.#queue.length > 0;
  }

  /** Pings that have come are work that is done: who sends too many is not read for a while. */
  pinged(bytes: number): void {
    const wait = this.#parts.shares[0]?.take(bytes) ?? 0;
    if (wait > 0 && !this.#waits) this.#waitFor(new Promise((resolve) => setTimeout(resolve, wait)));
  }

  spend(use: { readonly ms?: number; readonly bytes?: number }): void {
    for (const share of this.#parts.shares) share.spend(use);
  }

  /** What one sends while its frames wait stays with the system, and at last with the sender. */
  flow(): void {
    if (this.#stopped) return;
    const { queuedBytes, queuedFrames } = this.#parts.limits;
    const full =
      this.#shut ||
      this.#waits ||
      this.isBacklogged() ||
      this.#queuedBytes > queuedBytes ||
      this.#queue.length > queuedFrames;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Nothing more of this socket is read meanwhile. */
  #waitFor(work: Promise<unknown>): void {
    this.#waits = true;
    this.flow();
    work
      .catch((error: unknown) => this.#reading.refuse(error))
      .finally(() => {
        this.#waits = false;
        if (this.#stopped) return;
        this.flow();
        this.#reading.done();
        this.#parts.turns.request(this);
      });
  }

  readonly #whenFree = (): void => {
    if (this.#stopped) return;
    this.flow();
    this.#parts.turns.request(this);
  };
}
