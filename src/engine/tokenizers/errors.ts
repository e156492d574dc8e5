import { defineErrors } from '../../base/error.ts';

export const tokenizerErrors = defineErrors('TOK', {
  notJson: {
    number: 1,
    title: 'The tokenizer file is not JSON',
    fix: 'Use the tokenizer.json of a Hugging Face folder, whole and unchanged.',
  },
  notTokenizer: {
    number: 2,
    title: 'The file is JSON, but not a Hugging Face tokenizer',
    fix: 'Use the tokenizer.json of a Hugging Face folder (tokenizer_config.json and vocab.json are other files).',
  },
  broken: {
    number: 3,
    title: 'The tokenizer file contradicts itself',
    fix: 'Fetch the tokenizer.json again, or train a tokenizer on your own text.',
  },
  unsupported: {
    number: 4,
    title: 'This kind of tokenizer cannot be run here',
    fix: 'Choose `tokenizer: { type: bpe, vocab_size: 512 }`, or a model with another tokenizer.',
  },
  vocabTooSmall: {
    number: 5,
    title: 'The vocabulary is too small for byte-level BPE',
    fix: 'Set vocab_size to at least 257: the 256 bytes and <|endoftext|>.',
  },
  stopped: {
    number: 6,
    title: 'Training the tokenizer was stopped',
    fix: 'Start again when you want it.',
  },
  noText: {
    number: 7,
    title: 'There is no text to make a tokenizer from',
    fix: 'Add a text to the project, or use `source: stories`.',
  },
});
