import type { SamplingConfig } from '../training/spec.ts';
import type { Generation, SamplingTokenizer } from './continuation.ts';
import { Continuation } from './continuation.ts';
import type { Decoder } from './decoder.ts';

/** An AbortSignal is one. */
export interface StopSignal {
  readonly aborted: boolean;
}

export interface GenerateRequest {
  readonly decoder: Decoder;
  readonly tokenizer: SamplingTokenizer;
  /** How to draw; which prompt it names matters to `generateText` alone. */
  readonly sampling: Omit<SamplingConfig, 'prompt'>;
  /** Looked at before every token. */
  readonly signal?: StopSignal;
  /** Awaited before every token: lets messages in where the device computes without leaving the thread. */
  readonly breathe?: () => Promise<void>;
}

/** Is told how it goes; prompts by their place in the list. */
export interface BatchListener {
  /** Its turn has come: there are as many at a time as the decoder reads. */
  began?(prompt: number): void;
  /** What became certain of its text: whole characters. */
  wrote?(prompt: number, text: string): void;
  ended?(prompt: number, generation: Generation): void;
}

/**
 * Continues a prompt, the whole text at once. The same seed gives the same text on the same device.
 * Throws ANN-DEV errors.
 */
export async function generateText(
  request: GenerateRequest & { readonly sampling: SamplingConfig },
): Promise<Generation> {
  const [generation] = await generateBatch({ ...request, prompts: [request.sampling.prompt] });
  return generation as Generation; // as many as there are prompts
}

/**
 * Continues several prompts side by side, as many at a time as the decoder reads; the next takes the place
 * of one that has ended. Each draws from its own numbers by the same seed, as it would alone. The listener
 * hears of every end; of those that were aborted once all are over. Throws ANN-DEV errors.
 */
export async function generateBatch(
  request: GenerateRequest & { readonly prompts: readonly string[]; readonly listener?: BatchListener },
): Promise<readonly Generation[]> {
  const { decoder, tokenizer, sampling, prompts, signal, breathe, listener } = request;
  const all = prompts.map((prompt) => new Continuation(prompt, tokenizer, sampling, decoder.capacity));
  const generations = new Map<number, Generation>();
  const finish = (prompt: number): void => {
    const continuation = all[prompt];
    if (continuation === undefined) return;
    const { rest, generation } = continuation.finish();
    generations.set(prompt, generation);
    if (rest !== '') listener?.wrote?.(prompt, rest);
    listener?.ended?.(prompt, generation);
  };
  const waiting = [...all.keys()];
  const places: (number | null)[] = new Array(decoder.batch).fill(null);
  for (;;) {
    for (const [b, place] of places.entries()) {
      if (place === null) places[b] = nextOf(waiting, all, listener, finish);
    }
    await breathe?.();
    if (signal?.aborted || places.every((place) => place === null)) break;
    const texts = await step(
      request,
      places.map((place) => (place === null ? null : (all[place] ?? null))),
    );
    for (const [b, place] of places.entries()) {
      if (place === null) continue;
      const text = texts[b] ?? '';
      if (text !== '') listener?.wrote?.(place, text);
      if (all[place]?.ended) {
        finish(place);
        places[b] = null;
      }
    }
  }
  for (const prompt of all.keys()) if (!generations.has(prompt)) finish(prompt);
  return all.map((_, prompt) => generations.get(prompt) as Generation);
}

/** The next prompt that has something to write; one that asks for no token is over as it begins. */
function nextOf(
  waiting: number[],
  all: readonly Continuation[],
  listener: BatchListener | undefined,
  finish: (prompt: number) => void,
): number | null {
  for (;;) {
    const prompt = waiting.shift();
    if (prompt === undefined) return null;
    listener?.began?.(prompt);
    if (!all[prompt]?.ended) return prompt;
    finish(prompt);
  }
}

/** One token for each of them; gives the text that came with it. */
async function step(
  { decoder, tokenizer, sampling }: GenerateRequest,
  places: readonly (Continuation | null)[],
): Promise<readonly string[]> {
  const { temperature, top_k, top_p } = sampling;
  const ids = await decoder.draw(
    places.map((place) => place?.next() ?? null),
    {
      temperature,
      top_k,
      top_p,
      // Rows beyond the tokenizer's vocabulary are padding and mean nothing.
      vocab_size: Math.min(decoder.vocab_size, tokenizer.vocab_size),
      uniforms: places.map((place) => place?.uniform() ?? 0),
    },
  );
  return places.map((place, b) => place?.accept(ids[b] ?? 0) ?? '');
}
