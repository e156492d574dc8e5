import { createBpe } from './bpe.ts';
import { END_OF_TEXT } from './bpe-model.ts';
import { byteCharacters } from './byte-alphabet.ts';
import { tokenizerErrors } from './errors.ts';
import { PairStatistics } from './pair-statistics.ts';
import { pretokenize } from './pretokenize.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface BpeTraining {
  readonly text: string;
  /** Counts the 256 bytes and `<|endoftext|>`: at least 257. */
  readonly vocabSize: number;
  /** From 0 to 1. */
  readonly onProgress?: (done: number) => void;
  /** Asked now and then; true ends the training with ANN-TOK-006. */
  readonly shouldStop?: () => boolean;
  /** Awaited now and then, so that whoever runs this can take up messages. */
  readonly pause?: () => Promise<void>;
}

export const SMALLEST_BPE_VOCABULARY = 257;

// A pair must be seen this often, as in Hugging Face's ByteLevelBPETokenizer: what occurs once teaches nothing.
const LEAST_COUNT = 2;
const MERGES_BETWEEN_PAUSES = 64;
const CHARACTERS_BETWEEN_PAUSES = 1 << 20;

/**
 * Trains byte-level BPE (Sennrich et al., 2016; on bytes: Radford et al., 2019). Same text, same tokenizer:
 * the most frequent pair is merged, of equals the one with the lowest ids, as in Hugging Face's BpeTrainer,
 * whose layout this also is: `<|endoftext|>` 0, the byte alphabet sorted, then the merges. The text of
 * `<|endoftext|>` separates documents and is not counted. A text too small for `vocabSize` gives fewer
 * tokens: read `vocab_size` of what comes back. Throws ANN-TOK-005, 006, 007.
 */
export async function trainBpe(training: BpeTraining): Promise<Tokenizer> {
  const { text, vocabSize, onProgress } = training;
  if (!(vocabSize >= SMALLEST_BPE_VOCABULARY)) {
    throw tokenizerErrors.vocabTooSmall({
      message: `A vocabulary of ${vocabSize} is too small for byte-level BPE.`,
      where: 'data.tokenizer.vocab_size',
    });
  }
  if (text.length === 0) throw tokenizerErrors.noText();
  const words = await countPieces(text.toWellFormed(), training);

  const alphabet = [...byteCharacters].sort();
  const tokens = [END_OF_TEXT, ...alphabet];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const byteIds = Int32Array.from(byteCharacters, (character) => idOf.get(character) ?? 0);
  const pairs = new PairStatistics(words, byteIds);
  const merges: [string, string][] = [];
  const merged = new Set<number>();

  while (tokens.length < vocabSize) {
    const best = pairs.popMostFrequent(LEAST_COUNT);
    if (best === null) break;
    const first = tokens[best.first] as string;
    const second = tokens[best.second] as string;
    // Two pairs may spell the same token; it keeps the id that it got first.
    const token = first + second;
    const id = idOf.get(token) ?? tokens.length;
    if (id === tokens.length) {
      tokens.push(token);
      idOf.set(token, id);
    }
    // A pair comes again where a second spelling of one of its tokens appeared later: its rank stands.
    if (!merged.has(best.pair)) merges.push([first, second]);
    merged.add(best.pair);
    pairs.merge(best.pair, id);
    if (merges.length % MERGES_BETWEEN_PAUSES === 0) {
      await rest(training);
      onProgress?.((tokens.length - SMALLEST_BPE_VOCABULARY) / (vocabSize - SMALLEST_BPE_VOCABULARY));
    }
  }
  onProgress?.(1);
  return createBpe({ tokens, merges });
}

async function rest({ shouldStop, pause }: BpeTraining): Promise<void> {
  await pause?.();
  if (shouldStop?.()) throw tokenizerErrors.stopped();
}

/** How often each piece occurs. */
async function countPieces(text: string, training: BpeTraining): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let rested = 0;
  let from = 0;
  const count = (start: number, end: number): void => {
    const piece = text.slice(start, end);
    counts.set(piece, (counts.get(piece) ?? 0) + 1);
  };
  while (from < text.length) {
    let to = text.indexOf(END_OF_TEXT, from);
    if (to < 0) to = text.length;
    pretokenize(text, from, to, count);
    from = to + END_OF_TEXT.length;
    if (from - rested > CHARACTERS_BETWEEN_PAUSES) {
      rested = from;
      await rest(training);
    }
  }
  return counts;
}
