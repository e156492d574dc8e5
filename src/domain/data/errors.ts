import { defineErrors } from '../../base/error.ts';

export const dataErrors = defineErrors('DAT', {
  empty: {
    number: 1,
    title: 'The text is empty',
    fix: 'Paste or drop a text with something in it, or use `source: stories`.',
  },
  tooLarge: {
    number: 2,
    title: 'The file is too large to train on in one piece',
    fix: 'Take a part of it: on the command line, `head -c 64M big.txt > part.txt`.',
  },
  binary: {
    number: 3,
    title: 'The file is not text',
    fix: 'Save its text as a plain .txt file in UTF-8 and use that.',
  },
  notUtf8: {
    number: 4,
    title: 'The text is not valid UTF-8',
    fix: 'Open it in an editor and save it with the encoding UTF-8; for a Windows-1252 file also `iconv -f WINDOWS-1252 -t UTF-8 old.txt > new.txt`.',
  },
  brokenUtf16: {
    number: 5,
    title: 'The text looks like UTF-16 but is broken',
    fix: 'Open it in an editor and save it with the encoding UTF-8.',
  },
  utf32: {
    number: 6,
    title: 'The text is in UTF-32',
    fix: 'Open it in an editor and save it with the encoding UTF-8, or `iconv -f UTF-32 -t UTF-8 old.txt > new.txt`.',
  },
  noTokenizerFile: {
    number: 7,
    title: 'The tokenizer file is not there',
    fix: 'Add a tokenizer.json to the project and give its path, or use `tokenizer: { type: bpe, vocab_size: 512 }`.',
  },
  // What follows is said beside a text that was taken.
  fromUtf16: {
    number: 20,
    title: 'The text was in UTF-16 and has been converted to UTF-8',
    fix: 'Nothing to do; what is trained on and shared is the UTF-8 text.',
  },
  lineEndings: {
    number: 21,
    title: 'Windows or old Macintosh line ends were changed to LF',
    fix: 'Nothing to do; a model would otherwise learn two kinds of line end.',
  },
  controlCharacters: {
    number: 22,
    title: 'The text holds control characters',
    fix: 'Remove them if they are not meant to be learnt; terminal colours are the usual source.',
  },
  droppedCharacters: {
    number: 23,
    title: 'Some characters have no token and were left out',
    fix: 'Use a tokenizer that knows them: `tokenizer: { type: bpe, vocab_size: 512 }` knows every text.',
  },
  emptyPart: {
    number: 24,
    title: 'A part of the text is empty',
    fix: 'Use a longer text or another validation_split.',
  },
});
