/**
 * Picks about `points` rows that look like all of them: of each stretch of steps the rows with the lowest
 * and the highest loss, and the first and last of all. Rows are shown to it in ascending order and stay
 * where they are (`source` and the index in it), so that only what is picked need ever be made an object.
 * Stretches are of steps and not of rows: what was thinned out before comes out the same, and rows may be
 * added after it.
 */
export class StepThinner<Source> {
  readonly #picked: Row<Source>[] = [];
  readonly #first: number;
  readonly #width: number;
  readonly #stretches: number;
  #stretch = 0;
  #low: Row<Source> | null = null;
  #high: Row<Source> | null = null;
  #last: Omit<Row<Source>, 'loss'> | null = null;

  /** `first` and `last` are the steps of the first and the last row; `points` is at least 4. */
  constructor(first: number, last: number, points: number) {
    this.#first = first;
    this.#stretches = Math.max(1, Math.floor((points - 2) / 2));
    this.#width = Math.max(1, (last - first) / this.#stretches);
  }

  see(step: number, figure: number, source: Source, index: number): void {
    // A loss that is not a number counts as the highest, so that it is never thinned out.
    const loss = Number.isNaN(figure) ? Number.POSITIVE_INFINITY : figure;
    const stretch = Math.min(this.#stretches - 1, Math.floor((step - this.#first) / this.#width));
    if (stretch !== this.#stretch) this.#finish();
    this.#stretch = stretch;
    if (this.#last === null) this.#picked.push({ step, loss, source, index });
    else {
      if (this.#low === null || loss < this.#low.loss) this.#low = { step, loss, source, index };
      if (this.#high === null || loss > this.#high.loss) this.#high = { step, loss, source, index };
    }
    this.#last = { step, source, index };
  }

  /** Ascending; call it once. */
  rows<T>(read: (source: Source, index: number) => T): T[] {
    this.#finish();
    const picked: Omit<Row<Source>, 'loss'>[] = this.#picked;
    if (this.#last !== null && this.#last.step !== picked.at(-1)?.step) picked.push(this.#last);
    return picked.map(({ source, index }) => read(source, index));
  }

  #finish(): void {
    const [low, high] = [this.#low, this.#high];
    this.#low = null;
    this.#high = null;
    if (low === null || high === null) return;
    if (low.step === high.step) this.#picked.push(low);
    else this.#picked.push(...(low.step < high.step ? [low, high] : [high, low]));
  }
}

interface Row<Source> {
  readonly step: number;
  readonly loss: number;
  readonly source: Source;
  readonly index: number;
}
