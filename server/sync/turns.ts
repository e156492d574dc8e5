/** Has work for the server's one thread, in portions. */
export interface Worker {
  /** Does one portion; true where there is more to do at once. */
  turn(): boolean;
}

/** So long sockets are served before timers, disk and new connections have their turn. */
const ROUND_MS = 8;

/**
 * Shares the one thread among all sockets: one portion each, in turn, and never more than a round's worth at a
 * time. However many send however much, the event loop is held up for a round and one portion at most.
 */
export class Turns {
  readonly #ready = new Set<Worker>();
  #spent = 0;
  #armed = false;
  #running = false;

  /** The worker has something to do; at once, where this round has time left. */
  request(worker: Worker): void {
    this.#ready.add(worker);
    this.#round();
  }

  cancel(worker: Worker): void {
    this.#ready.delete(worker);
  }

  /**
   * Does a long piece of work a portion at a time; resolves after the last, with what that answers. Rejects with what
   * a portion throws.
   */
  run<T>(portions: Iterator<void, T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.request({
        turn() {
          try {
            const { done, value } = portions.next();
            if (done !== true) return true;
            resolve(value);
          } catch (error) {
            reject(error);
          }
          return false;
        },
      });
    });
  }

  #round(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#spent < ROUND_MS) {
        const [next] = this.#ready;
        if (next === undefined) break;
        this.#ready.delete(next);
        const began = performance.now();
        const more = next.turn();
        this.#spent += performance.now() - began;
        if (more) this.#ready.add(next); // behind all others
      }
    } finally {
      this.#running = false;
    }
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(() => {
      this.#armed = false;
      this.#spent = 0;
      if (this.#ready.size > 0) this.#round();
    });
  }
}
