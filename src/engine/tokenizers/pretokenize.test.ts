import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GPT2_PATTERN, pretokenize } from './pretokenize.ts';
import { SEED, unicodeText } from './testing/unicode.ts';

function pieces(text: string, from = 0, to = text.length): string[] {
  const found: string[] = [];
  pretokenize(text, from, to, (start, end) => found.push(text.slice(start, end)));
  return found;
}

test('words keep the blank before them, contractions stand alone', () => {
  expect(pieces("We'll see:  don't\n\n go 12x ")).toEqual([
    ...['We', "'ll", ' see', ':', ' ', ' don', "'t", '\n\n', ' go', ' 12', 'x', ' '],
  ]);
});

test('the scanner cuts as the expression in tokenizer.json does', () => {
  const source = GPT2_PATTERN.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}');
  fc.assert(
    fc.property(unicodeText, (text) => {
      expect(pieces(text)).toEqual(text.match(new RegExp(source, 'gu')) ?? []);
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('a part of a text is cut as if it were alone', () => {
  fc.assert(
    fc.property(unicodeText, unicodeText, unicodeText, (before, text, after) => {
      const from = before.length;
      expect(pieces(before + text + after, from, from + text.length)).toEqual(pieces(text));
    }),
    { seed: SEED },
  );
});
