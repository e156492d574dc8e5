import { Tokenizer as Package } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharedOrSkip } from '../../../e2e/shared-data.ts';
import { charTokenizer } from './char.ts';
import { loadTokenizer } from './load.ts';
import { anyString, SEED, unicodeText } from './testing/unicode.ts';

test('the vocabulary is the characters of the text, sorted', () => {
  const tokenizer = charTokenizer('banana 🍌\n');
  expect(tokenizer.vocab_size).toBe(6);
  expect(tokenizer.eos_token_id).toBeNull();
  expect(tokenizer.decode([0, 1, 2, 3, 4, 5])).toBe('\n abn🍌');
  expect([...tokenizer.encode('nab🍌').ids]).toEqual([4, 2, 3, 5]);
});

test('an unknown character is dropped and counted', () => {
  const tokenizer = charTokenizer('abc');
  const { ids, dropped } = tokenizer.encode('a🍌bé\ud800c');
  expect([...ids]).toEqual([0, 1, 2]);
  expect(dropped).toBe(3);
});

test('no text, no tokenizer', () => {
  expect(() => charTokenizer('')).toThrow(expect.objectContaining({ code: 'ANN-TOK-007' }));
});

test('tinyshakespeare has 65 characters and comes back whole', ({ skip }) => {
  const text = sharedOrSkip('tinyshakespeare.txt', skip);
  const tokenizer = charTokenizer(text);
  expect(tokenizer.vocab_size).toBe(65);
  const { ids, dropped } = tokenizer.encode(text);
  expect(ids.length).toBe(1_115_394);
  expect(dropped).toBe(0);
  expect(tokenizer.decode(ids)).toBe(text);
});

test('a saved one encodes and decodes as the npm package does with the same file', async () => {
  await fc.assert(
    fc.asyncProperty(unicodeText, unicodeText, async (alphabet, text) => {
      const made = charTokenizer(`x${alphabet}`);
      const json = made.toJSON();
      const other = new Package(JSON.parse(json), {});
      const loaded = await loadTokenizer(json);
      expect(loaded.type).toBe('char');
      for (const input of [text, alphabet]) {
        const { ids } = loaded.encode(input);
        const expected = other.encode(input).ids;
        expect([...ids]).toEqual(expected);
        if (ids.length === 0) continue;
        const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
        expect(loaded.decode(ids)).toBe(other.decode(expected, options));
      }
      expect(loaded.toJSON()).toBe(json);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('any string encodes; unpaired surrogates become U+FFFD', () => {
  fc.assert(
    fc.property(anyString, (text) => {
      const tokenizer = charTokenizer(`${text}!`);
      const { ids, dropped } = tokenizer.encode(text);
      expect(dropped).toBe(0);
      expect(tokenizer.decode(ids)).toBe(text.toWellFormed());
    }),
    { seed: SEED, numRuns: 300 },
  );
});
