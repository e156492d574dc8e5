interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const realImmediate = globalThis.setImmediate;

/**
 * Time that passes when a test says so: takes the place of timers, immediates and performance.now while it is
 * installed. Promises go on by themselves.
 */
export class SimClock {
  #now = 0;
  #order = 0;
  readonly #timers = new Map<object, Timer>();

  /** Answers with what puts the real ones back. */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
    const real = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
    const { performance } = globalThis;
    const now = performance.now.bind(performance);
    const add = (run: () => void, ms: number): object => this.#add(run, ms);
    const clear = (handle: object): void => void this.#timers.delete(handle);
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => add(run, ms),
      setInterval: () => {
        throw new Error('The simulation has no intervals');
      },
      setImmediate: (run: () => void) => add(run, 0),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    });
    performance.now = () => this.#now;
    return () => {
      Object.assign(globalThis, real);
      performance.now = now;
    };
  }

  /** Everything that is due now, and whatever follows from it at once. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => realImmediate(resolve));
      const due = [...this.#timers].filter(([, timer]) => timer.at <= this.#now);
      if (due.length === 0) return;
      due.sort(([, a], [, b]) => a.at - b.at || a.order - b.order);
      for (const [handle, timer] of due) if (this.#timers.delete(handle)) timer.run();
    }
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (;;) {
      const next = Math.min(...[...this.#timers.values()].map((timer) => timer.at));
      if (!(next <= end)) break;
      this.#now = next;
      await this.settle();
    }
    this.#now = end;
  }

  /** A process has died: what it had in mind does not happen. */
  forget(): void {
    this.#timers.clear();
  }

  #add(run: () => void, ms: number): object {
    const handle = { unref: () => handle, ref: () => handle };
    this.#timers.set(handle, { at: this.#now + ms, order: this.#order++, run });
    return handle;
  }
}
