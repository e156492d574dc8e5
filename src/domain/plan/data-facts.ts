import type { Config } from '../config/schema.ts';
import { tokenizerKey } from '../data/tokenizer-key.ts';
import type { DataProfile } from '../preflight/report.ts';

/** What is known of the tokens that a config would train on; null is unknown. */
export interface DataFacts {
  /** Of the tokenizer, special tokens included. */
  readonly tokenizer_vocab_size: number | null;
  readonly train_tokens: number | null;
  readonly validation_tokens: number | null;
}

/** A profile of another source says nothing about this config. */
export function profileFor(config: Config, profile: DataProfile | null): DataProfile | null {
  return profile !== null && profile.source === config.data.source ? profile : null;
}

export function dataFacts(config: Config, profile: DataProfile | null): DataFacts {
  const { tokenizer } = config.data;
  const made = profile?.tokenizer ?? null;
  if (made !== null && made.key === tokenizerKey(tokenizer, config.data.validation_split)) {
    const { vocab_size, train_tokens, validation_tokens } = made;
    return { tokenizer_vocab_size: vocab_size, train_tokens, validation_tokens };
  }
  if (tokenizer.type === 'char' && profile !== null) {
    // One token per character; the split is of UTF-16 units, which most texts have as many of as characters.
    const train_tokens = Math.trunc(profile.characters * (1 - config.data.validation_split));
    const validation_tokens = profile.characters - train_tokens;
    return { tokenizer_vocab_size: profile.distinct_characters, train_tokens, validation_tokens };
  }
  // What training a BPE aims at; a very short text may end with fewer.
  const tokenizer_vocab_size = tokenizer.type === 'bpe' ? tokenizer.vocab_size : null;
  return { tokenizer_vocab_size, train_tokens: null, validation_tokens: null };
}

/** The vocabulary that the model has: its own field, else the tokenizer's. */
export function modelVocabulary(config: Config, facts: DataFacts): number | null {
  return config.model.vocab_size ?? facts.tokenizer_vocab_size;
}
