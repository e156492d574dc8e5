/** The tokenizer section of a config. */
export type TokenizerSection =
  | { readonly type: 'char' }
  | { readonly type: 'bpe'; readonly vocab_size: number }
  | { readonly type: 'file'; readonly path: string };

/**
 * Names what the tokens of a text depend on besides the text (which DataProfile names by its sha256): a
 * profile whose key differs from the config's says nothing about it. The split counts because BPE is trained
 * on the training part, and because both parts are counted.
 */
export function tokenizerKey(section: TokenizerSection, validation_split: number): string {
  const own =
    section.type === 'bpe'
      ? `bpe:${section.vocab_size}`
      : section.type === 'file'
        ? `file:${section.path}`
        : 'char';
  return `${own}@${validation_split}`;
}
