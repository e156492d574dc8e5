import { expect, test } from 'vitest';
import { sharedOrSkip } from '../../../e2e/shared-data.ts';
import { Random } from '../../base/random.ts';
import { trainBpe } from './bpe-trainer.ts';

function merges(json: string): string[] {
  return (JSON.parse(json) as { model: { merges: string[] } }).model.merges;
}

// What Hugging Face's tokenizers 0.23.2 (BpeTrainer, min_frequency 2) makes of this text.
test('merges are those of Hugging Face, ties included', async () => {
  const text =
    "aaa aaaa aaaaa abab babab abba cab bac bca cba äöü 日本 日本語 🙂🙂🙂 12 123 1234 !! ??! don't can't we'll \n\n  \t x  y";
  const tokenizer = await trainBpe({ text, vocabSize: 400 });
  expect(merges(tokenizer.toJSON())).toEqual([
    ...['a a', 'a b', '1 2', 'b a', 'ð Ł', 'Ġ c', 'Ġ 12', 'Ļ Ĥ', 'ðŁ ĻĤ', "' t", '¥ æ', 'æ Ĺ', 'Ġ b', 'Ġ aa'],
    ...['Ġ ab', 'Ġ æĹ', 'ľ ¬', 'aa a', 'Ġ12 3', 'ðŁĻĤ ðŁĻĤ', '¥æ ľ¬', 'ĠæĹ ¥æľ¬'],
  ]);
});

test('tinyshakespeare gives the tokens that Hugging Face finds', async ({ skip }) => {
  const text = sharedOrSkip('tinyshakespeare.txt', skip);
  const tokenizer = await trainBpe({ text, vocabSize: 2048 });
  expect(tokenizer.vocab_size).toBe(2048);
  // Counted with tokenizers 0.23.2, whose vocabulary and merges were the same ones.
  const { ids } = tokenizer.encode(text);
  expect(ids.length).toBe(388_533);
  expect(tokenizer.decode(ids)).toBe(text);
});

test('the layout is the special token, the bytes, the merges', async () => {
  const tokenizer = await trainBpe({ text: 'hello hello', vocabSize: 260 });
  const { vocab } = (JSON.parse(tokenizer.toJSON()) as { model: { vocab: Record<string, number> } }).model;
  expect(vocab['<|endoftext|>']).toBe(0);
  expect(vocab['!']).toBe(1);
  expect(vocab.ł).toBe(255);
  expect(tokenizer.vocab_size).toBe(260);
  expect(tokenizer.eos_token_id).toBe(0);
});

test('a text too small for the vocabulary gives fewer tokens', async () => {
  const tokenizer = await trainBpe({ text: 'abab', vocabSize: 5000 });
  expect(tokenizer.vocab_size).toBe(258);
  expect(tokenizer.encode('abab').ids).toHaveLength(2);
});

test('the separator of documents is not learnt from', async () => {
  const apart = await trainBpe({ text: 'to be<|endoftext|>to be', vocabSize: 300 });
  for (const merge of merges(apart.toJSON())) expect(merge).not.toMatch(/[<|>]/);
});

test('a million characters without a space train within seconds', async () => {
  const random = new Random(3);
  const syllables = Array.from({ length: 300 }, () =>
    String.fromCharCode(...Array.from({ length: 3 }, () => 97 + random.below(26))),
  );
  const text = Array.from({ length: 333_333 }, () => random.pick(syllables)).join('');
  const start = process.threadCpuUsage();
  const tokenizer = await trainBpe({ text, vocabSize: 2048 });
  const { user, system } = process.threadCpuUsage(start);
  expect(user + system, 'microseconds of this thread, however many it has to wait for').toBeLessThan(20e6);
  expect(tokenizer.vocab_size).toBe(2048);
}, 300_000);

test('progress rises to 1, and a stop is taken up', async () => {
  const random = new Random(4);
  const text = Array.from({ length: 20_000 }, () => random.below(3000).toString(36)).join(' ');
  const seen: number[] = [];
  await trainBpe({ text, vocabSize: 600, onProgress: (done) => seen.push(done) });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.length).toBeGreaterThan(3);
  expect(seen.at(-1)).toBe(1);
  let pauses = 0;
  const stopped = trainBpe({
    text,
    vocabSize: 600,
    pause: async () => void pauses++,
    shouldStop: () => pauses >= 2,
  });
  await expect(stopped).rejects.toMatchObject({ code: 'ANN-TOK-006' });
  expect(pauses).toBe(2);
});

test('sizes that cannot be are refused', async () => {
  for (const vocabSize of [0, 256, Number.NaN]) {
    await expect(trainBpe({ text: 'x', vocabSize })).rejects.toMatchObject({ code: 'ANN-TOK-005' });
  }
  await expect(trainBpe({ text: '', vocabSize: 300 })).rejects.toMatchObject({ code: 'ANN-TOK-007' });
});
