/** Every rate is tried so often before it counts as too high: one hiccup of the machine is no limit of a server. */
const TRIES = 2;
/** Nothing lower is tried. */
const LEAST = 20;
/** The search ends when the limit is known this exactly. */
const PRECISION = 0.05;

/** Finds the highest rate that holds: doubles it until one does not, then halves the gap. */
export class RateSearch {
  #held = 0;
  #failed: number | null = null;
  #rate: number;
  #failures = 0;

  constructor(first: number) {
    this.#rate = first;
  }

  /** The rate to try now; null when the search is over. */
  get next(): number | null {
    const gap = this.#failed === null ? Number.POSITIVE_INFINITY : this.#failed - this.#held;
    return this.#rate >= LEAST && gap > Math.max(1, this.#held * PRECISION) ? this.#rate : null;
  }

  /** The highest rate that held; 0 where none did. */
  get highest(): number {
    return this.#held;
  }

  tell(holds: boolean): void {
    if (!holds && ++this.#failures < TRIES) return;
    this.#failures = 0;
    if (holds) this.#held = this.#rate;
    else this.#failed = this.#rate;
    this.#rate =
      this.#failed === null ? this.#held * 2 : Math.max(1, Math.round((this.#held + this.#failed) / 2));
  }
}
