import type { SamplingConfig } from '../training/spec.ts';
import type { GeneratedToken, Generation, SamplingTokenizer } from './continuation.ts';
import { Continuation } from './continuation.ts';
import type { Decoder } from './decoder.ts';

/** An AbortSignal is one. */
export interface StopSignal {
  readonly aborted: boolean;
}

export interface GenerateRequest {
  readonly decoder: Decoder;
  readonly tokenizer: SamplingTokenizer;
  readonly sampling: SamplingConfig;
  /** Looked at before every token. */
  readonly signal?: StopSignal;
  /** Awaited before every token: lets messages in where the device computes without leaving the thread. */
  readonly breathe?: () => Promise<void>;
}

/**
 * Continues a prompt, token after token. The same seed gives the same text on the same device.
 * Throws ANN-DEV errors.
 */
export async function* generate(request: GenerateRequest): AsyncGenerator<GeneratedToken, Generation> {
  const { decoder, tokenizer, sampling, signal, breathe } = request;
  const continuation = new Continuation(sampling.prompt, tokenizer, sampling, decoder.capacity);
  while (!continuation.ended) {
    await breathe?.();
    if (signal?.aborted) break;
    const token = await step(request, [continuation]);
    if (token[0] !== null && token[0] !== undefined) yield token[0];
  }
  const { rest, generation } = continuation.finish();
  if (rest !== '') yield { id: null, text: rest };
  return generation;
}

/** The whole text at once. */
export async function generateText(request: GenerateRequest): Promise<Generation> {
  const running = generate(request);
  for (;;) {
    const next = await running.next();
    if (next.done) return next.value;
  }
}

/**
 * Continues several prompts side by side, as many at a time as the decoder reads; the next takes the place
 * of one that has ended. Each draws from its own numbers by the same seed, as it would alone.
 * `sampling.prompt` is not used. Throws ANN-DEV errors.
 */
export async function generateBatch(
  request: GenerateRequest & { readonly prompts: readonly string[] },
): Promise<readonly Generation[]> {
  const { decoder, tokenizer, sampling, prompts, signal, breathe } = request;
  const all = prompts.map((prompt) => new Continuation(prompt, tokenizer, sampling, decoder.capacity));
  const waiting = all.filter(({ ended }) => !ended);
  const places: (Continuation | null)[] = new Array(decoder.batch).fill(null);
  for (;;) {
    for (const [b, place] of places.entries()) {
      if (place === null || place.ended) places[b] = waiting.shift() ?? null;
    }
    await breathe?.();
    if (signal?.aborted || places.every((place) => place === null)) break;
    await step(request, places);
  }
  return all.map((continuation) => continuation.finish().generation);
}

/** One token for each of them. */
async function step(
  { decoder, tokenizer, sampling }: GenerateRequest,
  places: readonly (Continuation | null)[],
): Promise<readonly (GeneratedToken | null)[]> {
  const { temperature, top_k, top_p } = sampling;
  const slots = Array.from({ length: decoder.batch }, (_, b) => places[b] ?? null);
  const ids = await decoder.draw(
    slots.map((place) => place?.next() ?? null),
    {
      temperature,
      top_k,
      top_p,
      // Rows beyond the tokenizer's vocabulary are padding and mean nothing.
      vocab_size: Math.min(decoder.vocab_size, tokenizer.vocab_size),
      uniforms: slots.map((place) => place?.uniform() ?? 0),
    },
  );
  return slots.map((place, b) => place?.accept(ids[b] ?? 0) ?? null);
}
