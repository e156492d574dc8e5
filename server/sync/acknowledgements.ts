import type { Backlog } from './backlog.ts';

/** What an update costs beyond its bytes while it is on its way to the disk: promises, a place in the commit. */
const EACH_BYTES = 1024;

export interface Told {
  /** The first so many content frames are on disk. */
  stored(count: number): void;
  failed(error: unknown): void;
}

/** Counts a socket's content frames: how many came, how many are on disk, and how many were promised. */
export class Acknowledgements {
  readonly #backlogs: readonly Backlog[];
  readonly #told: Told;
  #received = 0;
  #stored = 0;
  #promised = 0;
  /** What waits for the commit that was begun last; null when it is over. */
  #unwritten: { readonly durable: Promise<void>; count: number; bytes: number } | null = null;
  #promises = false;
  /** No more than so many may be promised: the next was left out, and comes again. */
  #upto = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(backlogs: readonly Backlog[], told: Told) {
    this.#backlogs = backlogs;
    this.#told = told;
  }

  /** All that came and was not left out has been promised. */
  get isEven(): boolean {
    return this.#promised === Math.min(this.#received, this.#upto);
  }

  /** The frame with this number was left out: neither it nor what follows is promised before it has come again. */
  leftOut(count: number): void {
    this.#upto = Math.min(this.#upto, count - 1);
  }

  /** What was left out is in the frame that came last: what is promised from now on holds it. */
  cameAgain(): void {
    this.#upto = Number.POSITIVE_INFINITY;
  }

  /** Nothing is promised any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** A content frame has come; answers with the how many-th it is. */
  received(): number {
    return ++this.#received;
  }

  /** Several updates of one commit wait for it together, and are acknowledged with one frame. */
  wait(durable: Promise<void>, frame: number, bytes: number): void {
    const held = this.hold(bytes);
    const count = Math.min(frame, this.#upto);
    const before = this.#unwritten;
    if (before?.durable === durable) {
      before.count = count;
      before.bytes += held;
      return;
    }
    const unwritten = { durable, count, bytes: held };
    this.#unwritten = unwritten;
    const end = (): void => {
      if (this.#unwritten === unwritten) this.#unwritten = null;
      this.letGo(unwritten.bytes);
    };
    durable.then(
      () => {
        end();
        this.#promise(unwritten.count);
      },
      (error: unknown) => {
        end();
        this.#told.failed(error);
      },
    );
  }

  /** Answers with what is to be let go of. */
  hold(bytes: number): number {
    const held = bytes + EACH_BYTES;
    for (const backlog of this.#backlogs) backlog.add(held);
    return held;
  }

  letGo(held: number): void {
    for (const backlog of this.#backlogs) backlog.takeOff(held);
  }

  #promise(count: number): void {
    // What came in portions hears of its commit a little later than what came after it.
    this.#stored = Math.max(this.#stored, count);
    if (this.#stopped || this.#promises) return;
    this.#promises = true;
    queueMicrotask(() => {
      this.#promises = false;
      if (this.#promised === this.#stored || this.#stopped) return;
      this.#promised = this.#stored;
      this.#told.stored(this.#stored);
    });
  }
}
