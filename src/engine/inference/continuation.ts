import { Random } from '../../base/random.ts';
import type { Tokenizer } from '../tokenizers/tokenizer.ts';
import type { SamplingConfig } from '../training/spec.ts';
import type { Piece } from './decoder.ts';
import { drawUniform } from './pick.ts';
import { TextStream } from './text-stream.ts';

export type SamplingTokenizer = Pick<Tokenizer, 'encode' | 'decode' | 'eos_token_id' | 'vocab_size'>;

export interface Generation {
  /** Without the prompt and without the stop string. */
  readonly text: string;
  readonly tokens: number;
  readonly ended: 'length' | 'stop' | 'eos' | 'aborted';
  /** Characters of the prompt that the tokenizer does not know. */
  readonly dropped: number;
}

/**
 * One prompt being continued. When the model's context is full, the later half of it is read again from
 * position 0: absolute positions cannot be moved, so half of the memory is given up at once rather than
 * all work repeated for every token.
 */
export class Continuation {
  readonly #tokenizer: SamplingTokenizer;
  readonly #most: number;
  readonly #capacity: number;
  readonly #random: Random;
  readonly #stream: TextStream;
  readonly #dropped: number;
  /** The tokens that the cache holds, and those that it is yet to read. */
  #window: number[] = [];
  #unread: number[];
  #text = '';
  #tokens = 0;
  #ended: Generation['ended'] | null = null;

  constructor(
    prompt: string,
    tokenizer: SamplingTokenizer,
    sampling: Pick<SamplingConfig, 'seed' | 'stop' | 'max_new_tokens'>,
    capacity: number,
  ) {
    const { ids, dropped } = tokenizer.encode(prompt);
    this.#tokenizer = tokenizer;
    this.#most = sampling.max_new_tokens;
    this.#capacity = capacity;
    this.#random = new Random(sampling.seed);
    this.#stream = new TextStream((list) => tokenizer.decode(list), sampling.stop);
    this.#dropped = dropped;
    this.#unread = [...startOf(ids, tokenizer)].slice(-capacity);
    if (this.#most <= 0) this.#ended = 'length';
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /** What is to be read before the next token can be drawn. */
  next(): Piece {
    if (this.#window.length + this.#unread.length > this.#capacity) {
      const half = Math.max(1, Math.floor(this.#capacity / 2));
      this.#unread = [...this.#window, ...this.#unread].slice(-half);
      this.#window = [];
    }
    return { ids: this.#unread, position: this.#window.length };
  }

  /** The number that the next token is drawn by. */
  uniform(): number {
    return drawUniform(this.#random);
  }

  /** Takes the token that was drawn after `next()`; gives the text that became certain with it: whole characters. */
  accept(id: number): string {
    this.#window.push(...this.#unread);
    if (id === this.#tokenizer.eos_token_id) {
      this.#ended = 'eos';
      return '';
    }
    this.#unread = [id];
    this.#tokens++;
    const text = this.#stream.push(id);
    this.#text += text;
    if (this.#stream.stopped) this.#ended = 'stop';
    else if (this.#tokens >= this.#most) this.#ended = 'length';
    return text;
  }

  /** Closes it: what was held back, and the whole. */
  finish(ended: Generation['ended'] = this.#ended ?? 'aborted'): { rest: string; generation: Generation } {
    const rest = this.#stream.end();
    this.#text += rest;
    return {
      rest,
      generation: {
        text: this.#text,
        tokens: this.#tokens,
        ended: this.#stream.stopped ? 'stop' : ended,
        dropped: this.#dropped,
      },
    };
  }
}

/** Something has to come first: where the prompt is empty, the end of an earlier text or line. */
function startOf(ids: Int32Array, tokenizer: SamplingTokenizer): ArrayLike<number> & Iterable<number> {
  if (ids.length > 0) return ids;
  if (tokenizer.eos_token_id !== null) return [tokenizer.eos_token_id];
  const newline = tokenizer.encode('\n').ids;
  return newline.length > 0 ? newline : [0];
}
