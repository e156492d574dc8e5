import { Random } from '../../base/random.ts';
import type { Tokenizer } from '../tokenizers/tokenizer.ts';
import type { SamplingConfig } from '../training/spec.ts';
import type { Decoder } from './decoder.ts';
import { drawUniform, pickToken } from './pick.ts';
import { TextStream } from './text-stream.ts';

/** An AbortSignal is one. */
export interface StopSignal {
  readonly aborted: boolean;
}

export interface GenerateRequest {
  readonly decoder: Decoder;
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'decode' | 'eos_token_id' | 'vocab_size'>;
  readonly sampling: SamplingConfig;
  /** Looked at before every token. */
  readonly signal?: StopSignal;
  /** Awaited before every token: lets messages in where the device computes without leaving the thread. */
  readonly breathe?: () => Promise<void>;
}

export interface GeneratedToken {
  /** Null for text that was held back until the end. */
  readonly id: number | null;
  /** What became certain with it; may be empty, and whole characters only. */
  readonly text: string;
}

export interface Generation {
  /** Without the prompt and without the stop string. */
  readonly text: string;
  readonly tokens: number;
  readonly ended: 'length' | 'stop' | 'eos' | 'aborted';
  /** Characters of the prompt that the tokenizer does not know. */
  readonly dropped: number;
}

/**
 * Continues a prompt, token after token. The same seed gives the same text on the same device. When the
 * model's context is full, the later half of it is read again from position 0: absolute positions cannot
 * be moved, so half of the memory is given up at once rather than all work repeated for every token.
 * Throws ANN-DEV errors.
 */
export async function* generate(request: GenerateRequest): AsyncGenerator<GeneratedToken, Generation> {
  const { decoder, tokenizer, sampling, signal, breathe } = request;
  const random = new Random(sampling.seed);
  const stream = new TextStream((ids) => tokenizer.decode(ids), sampling.stop);
  const prompt = tokenizer.encode(sampling.prompt);
  // The tokens that the cache holds, and those that it is yet to read.
  let window: number[] = [];
  let unread = [...startOf(prompt.ids, tokenizer)].slice(-decoder.capacity);
  let text = '';
  let tokens = 0;
  let ended: Generation['ended'] = 'length';

  while (tokens < sampling.max_new_tokens) {
    await breathe?.();
    if (signal?.aborted) {
      ended = 'aborted';
      break;
    }
    if (window.length + unread.length > decoder.capacity) {
      unread = [...window, ...unread].slice(-Math.max(1, Math.floor(decoder.capacity / 2)));
      window = [];
    }
    const logits = await decoder.read(unread, window.length);
    window.push(...unread);
    // Rows beyond the tokenizer's vocabulary are padding and mean nothing.
    const id = pickToken(
      logits.subarray(0, Math.min(decoder.vocab_size, tokenizer.vocab_size)),
      sampling,
      drawUniform(random),
    );
    if (id === tokenizer.eos_token_id) {
      ended = 'eos';
      break;
    }
    unread = [id];
    tokens++;
    const delta = stream.push(id);
    text += delta;
    yield { id, text: delta };
    if (stream.stopped) {
      ended = 'stop';
      break;
    }
  }
  const rest = stream.end();
  if (stream.stopped) ended = 'stop';
  text += rest;
  if (rest !== '') yield { id: null, text: rest };
  return { text, tokens, ended, dropped: prompt.dropped };
}

/** Something has to come first: where the prompt is empty, the end of an earlier text or line. */
function startOf(
  ids: Int32Array,
  tokenizer: GenerateRequest['tokenizer'],
): ArrayLike<number> & Iterable<number> {
  if (ids.length > 0) return ids;
  if (tokenizer.eos_token_id !== null) return [tokenizer.eos_token_id];
  const newline = tokenizer.encode('\n').ids;
  return newline.length > 0 ? newline : [0];
}

/** The whole text at once. */
export async function generateText(request: GenerateRequest): Promise<Generation> {
  const running = generate(request);
  for (;;) {
    const next = await running.next();
    if (next.done) return next.value;
  }
}
