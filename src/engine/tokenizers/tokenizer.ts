/** Text to token ids and back. Implementations: characters, byte-level BPE, and other people's tokenizer.json. */
export interface Tokenizer {
  readonly type: 'char' | 'bpe' | 'file';
  /** Counts special tokens. */
  readonly vocab_size: number;
  /** The id of `<|endoftext|>`, where there is one. */
  readonly eos_token_id: number | null;
  /** Ids of the text; `dropped` counts characters that have no token. */
  encode(text: string): { readonly ids: Int32Array; readonly dropped: number };
  /** Special tokens are left out. Bytes that are no UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>): string;
  /** Hugging Face's tokenizer.json, as text. */
  toJSON(): string;
}
