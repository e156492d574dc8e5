/** The bytes ended early, or a number in them is none. */
export class MalformedBytes extends Error {}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads lib0's encoding with every bound checked; nothing is allocated by a length that a stranger wrote. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  get done(): boolean {
    return this.#position === this.#bytes.length;
  }

  uint8(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new MalformedBytes('the bytes end too early');
    this.#position++;
    return byte;
  }

  /** At most 2^53 - 1. */
  varUint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.uint8();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes('a number is too large');
      if (byte < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 56) throw new MalformedBytes('a number is too long');
    }
  }

  /** A signed number, whose value nobody here needs. */
  skipVarInt(): void {
    for (let i = 0; i < 9; i++) if (this.uint8() < 0x80) return;
    throw new MalformedBytes('a number is too long');
  }

  bytes(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new MalformedBytes('the bytes end too early');
    const part = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return part;
  }

  varBytes(): Uint8Array {
    return this.bytes(this.varUint());
  }

  varString(): string {
    const encoded = this.varBytes();
    try {
      return strictUtf8.decode(encoded);
    } catch {
      throw new MalformedBytes('a text is not UTF-8');
    }
  }
}
