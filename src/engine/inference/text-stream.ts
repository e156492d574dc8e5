/**
 * Turns ids into text as they come. A byte-level token may end inside a character, which decodes to U+FFFD
 * until its other bytes arrive: that one is held back. Text that could be the start of a stop string is
 * held back too; the stop string itself is never given out.
 */
export class TextStream {
  readonly #decode: (ids: ArrayLike<number>) => string;
  readonly #stops: readonly string[];
  #ids: number[] = [];
  /** Characters of decode(#ids) that were handed on to the stop filter. */
  #handed = 0;
  /** Length of #ids at the last point between two characters. */
  #clean = 0;
  #held = '';
  #stopped = false;

  constructor(decode: (ids: ArrayLike<number>) => string, stops: readonly string[]) {
    this.#decode = decode;
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** Whether a stop string has come; nothing follows it. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The text that is now certain. */
  push(id: number): string {
    this.#ids.push(id);
    const text = this.#decode(this.#ids);
    const complete = !text.endsWith('\ufffd');
    const end = complete ? text.length : text.length - 1;
    const delta = text.slice(this.#handed, end);
    this.#handed = Math.max(this.#handed, end);
    if (complete) this.#forget();
    return this.#filter(delta);
  }

  /** What was held back, once no more ids come. */
  end(): string {
    const text = this.#filter(this.#decode(this.#ids).slice(this.#handed));
    this.#ids = [];
    this.#handed = 0;
    if (this.#stopped) return text;
    const rest = this.#held;
    this.#held = '';
    return text + rest;
  }

  /** Decoding starts anew from an earlier boundary, so that a long text costs no more per token. */
  #forget(): void {
    if (this.#clean >= 32) {
      this.#ids = this.#ids.slice(this.#clean);
      this.#handed = this.#decode(this.#ids).length;
      this.#clean = 0;
    } else if (this.#ids.length >= 32) {
      this.#clean = this.#ids.length;
    }
  }

  #filter(delta: string): string {
    if (this.#stopped) return '';
    const text = this.#held + delta;
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.#stopped = true;
      this.#held = '';
      return text.slice(0, Math.min(...found));
    }
    let keep = 0;
    for (const stop of this.#stops) {
      for (let n = Math.min(stop.length - 1, text.length); n > keep; n--) {
        if (text.endsWith(stop.slice(0, n))) keep = n;
      }
    }
    this.#held = text.slice(text.length - keep);
    return text.slice(0, text.length - keep);
  }
}
