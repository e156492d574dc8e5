/** Whom the thread's time is charged to. */
export interface Charged {
  spend(use: { readonly ms: number }): void;
}

/** Processor time of this thread so far, in milliseconds: what other programs take is nobody's here. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * Charges what the thread does to those whom it works for meanwhile, in equal parts: what a request costs is spread
 * over its handler, the callbacks that this waits for, the parsing and the writing, and no clock stands at each.
 */
export class ThreadTime {
  readonly #busy: () => number;
  /** With how many requests of each are being worked on. */
  readonly #charged = new Map<Charged, number>();
  #settled: number;

  constructor(busy: () => number = threadMs) {
    this.#busy = busy;
    this.#settled = busy();
  }

  /** From now on it is worked for, until the answer is called. */
  enter(payer: Charged): () => void {
    this.#settle();
    this.#charged.set(payer, (this.#charged.get(payer) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#settle();
      const others = (this.#charged.get(payer) ?? 1) - 1;
      if (others > 0) this.#charged.set(payer, others);
      else this.#charged.delete(payer);
    };
  }

  #settle(): void {
    const now = this.#busy();
    const ms = (now - this.#settled) / this.#charged.size;
    this.#settled = now;
    for (const payer of this.#charged.keys()) payer.spend({ ms });
  }
}
