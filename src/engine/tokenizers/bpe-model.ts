/** Ends a document. Its text in an input becomes its id, as in Hugging Face's tokenizers. */
export const END_OF_TEXT = '<|endoftext|>';

export interface BpeModel {
  /** Token of each id; bytes written with the byte alphabet, but for `<|endoftext|>` itself. */
  readonly tokens: readonly string[];
  /** In order of rank: the two tokens that are joined. */
  readonly merges: readonly (readonly [string, string])[];
}
