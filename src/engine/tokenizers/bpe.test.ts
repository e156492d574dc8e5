import { Tokenizer as Package } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { trainBpe } from './bpe-trainer.ts';
import { loadTokenizer } from './load.ts';
import { anyString, SEED, unicodeText } from './testing/unicode.ts';
import type { Tokenizer } from './tokenizer.ts';

const sample = `Once upon a time there was a fox. The fox didn't like rain, and the rain didn't stop; it rained and
rained. "Why?" said the fox. "Why, why, why?" 12 clouds, 120 clouds, 1200 clouds!  Once more:  the fox, the rain.
日本語 日本語 日本 中文 中文 😀😀😀 👩‍👩‍👧‍👦 👩‍👩‍👧‍👦 e\u0301e\u0301 \u0301\u0301 éé <|endoftext|>\r\n\r\n\t\tthe end the end`;

let tokenizer: Tokenizer;
let other: Package;
beforeAll(async () => {
  tokenizer = await loadTokenizer((await trainBpe({ text: sample, vocabSize: 400 })).toJSON());
  other = new Package(JSON.parse(tokenizer.toJSON()), {});
});

const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };

describe('with the npm package on the same file', () => {
  test('any Unicode text has the same ids and the same text back', () => {
    fc.assert(
      fc.property(unicodeText, (text) => {
        const { ids, dropped } = tokenizer.encode(text);
        expect([...ids]).toEqual(other.encode(text).ids);
        expect(dropped).toBe(0);
        const decoded = tokenizer.decode(ids);
        expect(decoded).toBe(text.replaceAll('<|endoftext|>', ''));
        if (ids.length > 0) expect(decoded).toBe(other.decode([...ids], options));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('any ids decode alike, also where they cut a character in two', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(tokenizer.vocab_size - 1), { minLength: 1, maxLength: 30 }), (ids) => {
        expect(tokenizer.decode(ids)).toBe(other.decode(ids, options));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('long words go through the heap and come out the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('the', 'rain', 'a', 'in', 'd', '日本', '😀'), {
          minLength: 60,
          maxLength: 300,
        }),
        (parts) => {
          const word = parts.join('');
          expect([...tokenizer.encode(word).ids]).toEqual(other.encode(word).ids);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  test('a text of a million characters without a space is no trap', () => {
    const word = 'rained日本'.repeat(125_000);
    const start = process.threadCpuUsage();
    const { ids } = tokenizer.encode(word);
    const { user, system } = process.threadCpuUsage(start);
    expect(user + system, 'microseconds of this thread, however many it has to wait for').toBeLessThan(5e6);
    expect([...ids]).toEqual(other.encode(word).ids);
    expect(tokenizer.decode(ids)).toBe(word);
  }, 300_000); // the other package takes the most of it
});

test('any string encodes; unpaired surrogates become U+FFFD', () => {
  fc.assert(
    fc.property(anyString, (text) => {
      const { ids } = tokenizer.encode(text);
      expect(tokenizer.decode(ids)).toBe(text.toWellFormed().replaceAll('<|endoftext|>', ''));
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('the text of <|endoftext|> is its one id, and decoding leaves it out', () => {
  expect(tokenizer.eos_token_id).toBe(0);
  const { ids } = tokenizer.encode('a<|endoftext|>b');
  expect(ids).toHaveLength(3);
  expect(ids[1]).toBe(0);
  expect(tokenizer.decode(ids)).toBe('ab');
});

test('ids that are no tokens decode to nothing', () => {
  expect(tokenizer.decode([-1, 1e6, Number.NaN])).toBe('');
});

test('the cache of pieces does not change what comes out', () => {
  const first = tokenizer.encode(sample).ids;
  expect(tokenizer.encode(sample).ids).toEqual(first);
});
