import { formatErrors } from './errors.ts';
import type { FolderFiles } from './folder-files.ts';
import { readJson, readText } from './hugging-face-weights.ts';

const END_OF_TEXT = '<|endoftext|>';

/**
 * GPT-2's tokenizer as folders older than tokenizer.json have it: vocab.json (token to id) and merges.txt
 * (a pair a line, the first applied first), put together to the tokenizer.json that GPT2TokenizerFast
 * writes for them. Null where the folder has neither. Throws ANN-FMT-021.
 */
export async function tokenizerFromMerges(folder: FolderFiles): Promise<string | null> {
  if (!folder.names.includes('vocab.json') || !folder.names.includes('merges.txt')) return null;
  const vocab = await readJson(folder, 'vocab.json');
  if (!isVocabulary(vocab)) {
    throw formatErrors.badConfig({
      message: 'vocab.json does not give each token its id.',
      where: 'vocab.json',
    });
  }
  const merges = (await readText(folder, 'merges.txt'))
    .split(/\r?\n/)
    .filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
  const odd = merges.findIndex((line) => line.split(' ').length !== 2);
  if (odd >= 0) {
    throw formatErrors.badConfig({
      message: `merges.txt: ${JSON.stringify(merges[odd])} is not a pair.`,
      where: 'merges.txt',
    });
  }
  const end = vocab[END_OF_TEXT];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: end === undefined ? [] : [{ id: end, content: END_OF_TEXT, ...flags }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges,
    },
  });
}

function isVocabulary(json: unknown): json is Readonly<Record<string, number>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  return Object.values(json).every((id) => Number.isInteger(id) && id >= 0);
}
