import { type BpeModel, END_OF_TEXT } from './bpe-model.ts';
import { GPT2_PATTERN } from './pretokenize.ts';

/** Hugging Face's tokenizer.json for the two kinds that are made here. */

/**
 * The expression stands in a Split of its own rather than in ByteLevel's `use_regex`: only so do Rust
 * and the npm package agree on what white space is.
 */
const bytePreTokenizer = {
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: GPT2_PATTERN }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
};
const byteDecoder = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };

/** Everything but the vocabulary and the merges. */
function skeleton(preTokenizer: object | null, decoder: object, endOfTextId: number | null) {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: endOfTextId === null ? [] : [{ id: endOfTextId, content: END_OF_TEXT, ...flags }],
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
    },
  };
}

function bpeSkeleton(tokens: readonly string[]) {
  const id = tokens.indexOf(END_OF_TEXT);
  return skeleton(bytePreTokenizer, byteDecoder, id < 0 ? null : id);
}

/**
 * BPE without merges and without a pre-tokenizer: its symbols are the characters, and one that the
 * vocabulary lacks is dropped, by the npm package and by Rust alike. (WordLevel would stop there.)
 */
function charSkeleton() {
  return skeleton(null, { type: 'Fuse' }, null);
}

function print(
  head: ReturnType<typeof skeleton>,
  tokens: readonly string[],
  merges: readonly string[],
): string {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return JSON.stringify({ ...head, model: { ...head.model, vocab, merges } });
}

export function bpeJson({ tokens, merges }: BpeModel): string {
  // Merges as text, which readers before tokenizers 0.20 know too; no token here holds a blank.
  return print(
    bpeSkeleton(tokens),
    tokens,
    merges.map(([first, second]) => `${first} ${second}`),
  );
}

export function charJson(characters: readonly string[]): string {
  return print(charSkeleton(), characters, []);
}

export type OwnTokenizer =
  | { readonly type: 'char'; readonly characters: readonly string[] }
  | { readonly type: 'bpe'; readonly model: BpeModel };

/** Recognises what the writers above wrote, also after others printed it anew; null for any other tokenizer. */
export function readOwn(parsed: unknown): OwnTokenizer | null {
  if (!isRecord(parsed) || !isRecord(parsed.model)) return null;
  const { vocab, merges, ...model } = parsed.model;
  if (!isRecord(vocab) || !Array.isArray(merges)) return null;
  const tokens = inOrder(vocab);
  const pairs = merges.map(readMerge);
  if (tokens === null || pairs.includes(null)) return null;
  const head = canonical({ ...parsed, model });
  if (pairs.length === 0 && head === canonical(charSkeleton()) && tokens.every(isCharacter)) {
    return { type: 'char', characters: tokens };
  }
  if (head === canonical(bpeSkeleton(tokens))) {
    return { type: 'bpe', model: { tokens, merges: pairs.filter((pair) => pair !== null) } };
  }
  return null;
}

/** The tokens by id; null unless the ids are 0, 1, 2 and so on. */
function inOrder(vocab: Readonly<Record<string, unknown>>): string[] | null {
  const entries = Object.entries(vocab);
  const tokens = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [token, id] of entries) {
    if (typeof id !== 'number' || !(id in tokens) || tokens[id] !== undefined) return null;
    tokens[id] = token;
  }
  return tokens.filter((token) => token !== undefined);
}

function readMerge(merge: unknown): [string, string] | null {
  const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
  if (!Array.isArray(parts) || parts.length !== 2) return null;
  const [first, second] = parts as [unknown, unknown];
  return typeof first === 'string' && typeof second === 'string' ? [first, second] : null;
}

function isCharacter(token: string): boolean {
  const codePoint = token.codePointAt(0);
  return codePoint !== undefined && token.length === (codePoint > 0xffff ? 2 : 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}
