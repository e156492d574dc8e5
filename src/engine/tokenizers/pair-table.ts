import { mix32 } from '../../base/random.ts';

/** A map from pairs of token ids to whole numbers from 0 on: open addressing, no object per entry. */
export class PairTable {
  #first: Int32Array;
  #second: Int32Array;
  #value: Int32Array;
  #mask: number;
  #size = 0;

  constructor(expected = 16) {
    let capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    this.#first = new Int32Array(capacity);
    this.#second = new Int32Array(capacity);
    this.#value = new Int32Array(capacity).fill(-1);
    this.#mask = capacity - 1;
  }

  #slot(first: number, second: number): number {
    let slot = mix32(Math.imul(first, 0x9e3779b1) ^ second) & this.#mask;
    while (
      (this.#value[slot] as number) >= 0 &&
      (this.#first[slot] !== first || this.#second[slot] !== second)
    ) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  /** -1 where the pair is not in the table. */
  get(first: number, second: number): number {
    return this.#value[this.#slot(first, second)] as number;
  }

  set(first: number, second: number, value: number): void {
    const slot = this.#slot(first, second);
    const isNew = (this.#value[slot] as number) < 0;
    this.#first[slot] = first;
    this.#second[slot] = second;
    this.#value[slot] = value;
    if (isNew && ++this.#size * 2 > this.#mask) this.#grow();
  }

  #grow(): void {
    const [first, second, value] = [this.#first, this.#second, this.#value];
    const capacity = value.length * 2;
    this.#first = new Int32Array(capacity);
    this.#second = new Int32Array(capacity);
    this.#value = new Int32Array(capacity).fill(-1);
    this.#mask = capacity - 1;
    for (let i = 0; i < value.length; i++) {
      if ((value[i] as number) < 0) continue;
      const slot = this.#slot(first[i] as number, second[i] as number);
      this.#first[slot] = first[i] as number;
      this.#second[slot] = second[i] as number;
      this.#value[slot] = value[i] as number;
    }
  }
}
