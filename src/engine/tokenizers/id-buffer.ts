/** Token ids as they come; grows by doubling. */
export class IdBuffer {
  #ids: Int32Array;
  #length = 0;

  constructor(expected: number) {
    this.#ids = new Int32Array(Math.max(16, expected));
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) this.#reserve(1);
    this.#ids[this.#length++] = id;
  }

  append(ids: Int32Array): void {
    if (this.#length + ids.length > this.#ids.length) this.#reserve(ids.length);
    // Most pieces are a token or two: a loop beats `set` there.
    for (let i = 0; i < ids.length; i++) this.#ids[this.#length + i] = ids[i] as number;
    this.#length += ids.length;
  }

  #reserve(more: number): void {
    const grown = new Int32Array(Math.max(this.#ids.length * 2, this.#length + more));
    grown.set(this.#ids.subarray(0, this.#length));
    this.#ids = grown;
  }

  take(): Int32Array {
    return this.#ids.slice(0, this.#length);
  }
}
