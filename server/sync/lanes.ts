/** Those who wait for the same thing: one of each lane in turn, however many of one lane wait. */
export class Lanes<T> {
  readonly #lanes = new Map<object, T[]>();

  add(lane: object, item: T): void {
    const before = this.#lanes.get(lane);
    if (before === undefined) this.#lanes.set(lane, [item]);
    else before.push(item);
  }

  /** Whose turn it is; undefined where nobody waits. */
  next(): T | undefined {
    const [first] = this.#lanes;
    if (first === undefined) return undefined;
    const [lane, items] = first;
    const item = items.shift();
    this.#lanes.delete(lane);
    if (items.length > 0) this.#lanes.set(lane, items); // behind all others
    return item;
  }
}
