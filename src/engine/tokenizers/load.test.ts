import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnnealError } from '../../base/error.ts';
import { trainBpe } from './bpe-trainer.ts';
import { charTokenizer } from './char.ts';
import { loadTokenizer } from './load.ts';
import { SEED } from './testing/unicode.ts';

/** A small SentencePiece-like tokenizer, as Llama's folders hold them. */
const foreign = {
  version: '1.0',
  added_tokens: [
    { id: 0, content: '<unk>', special: true, normalized: false },
    { id: 1, content: '</s>', special: true, normalized: false },
  ],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    vocab: { '<unk>': 0, '</s>': 1, '▁': 2, a: 3, b: 4, '▁a': 5, ab: 6 },
    merges: ['▁ a', 'a b'],
  },
};

test("somebody else's tokenizer runs, though sections that are null were left out", async () => {
  const json = JSON.stringify(foreign);
  const tokenizer = await loadTokenizer(json);
  expect(tokenizer.type).toBe('file');
  expect(tokenizer.vocab_size).toBe(7);
  expect(tokenizer.eos_token_id).toBe(1);
  const { ids } = tokenizer.encode('ab ab');
  expect([...ids]).toEqual([5, 4, 5, 4]);
  expect(tokenizer.decode([...ids, 1])).toBe('ab ab');
  expect(tokenizer.decode([])).toBe('');
  expect(tokenizer.toJSON()).toBe(json);
});

test('tokenizer_config.json says which token ends a document', async () => {
  const json = JSON.stringify(foreign);
  expect((await loadTokenizer(json, { eos_token: '<unk>' })).eos_token_id).toBe(0);
  expect((await loadTokenizer(json, { eos_token: { content: '</s>' } })).eos_token_id).toBe(1);
  expect((await loadTokenizer(json, { eos_token: '<none>' })).eos_token_id).toBeNull();
});

test('our own are recognised after another program has printed them anew', async () => {
  const bpe = JSON.parse((await trainBpe({ text: 'la la la', vocabSize: 300 })).toJSON());
  const split = {
    ...bpe,
    model: { ...bpe.model, merges: bpe.model.merges.map((m: string) => m.split(' ')) },
  };
  const reordered = JSON.stringify(Object.fromEntries(Object.entries(split).reverse()), null, 2);
  expect((await loadTokenizer(reordered)).type).toBe('bpe');
  const char = JSON.stringify(JSON.parse(charTokenizer('abc').toJSON()), null, 4);
  expect((await loadTokenizer(char)).type).toBe('char');
});

test('a byte-level tokenizer with other rules is not taken for ours', async () => {
  const bpe = JSON.parse((await trainBpe({ text: 'la la la', vocabSize: 300 })).toJSON());
  const prefixed = { ...bpe, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true, use_regex: true } };
  const tokenizer = await loadTokenizer(JSON.stringify(prefixed));
  expect(tokenizer.type).toBe('file');
  expect(tokenizer.encode('la').ids).toEqual(tokenizer.encode(' la').ids);
});

test('what is no tokenizer is refused with its reason', async () => {
  const bpe = JSON.parse((await trainBpe({ text: 'la la la', vocabSize: 300 })).toJSON());
  const cases: [string, string][] = [
    ['', 'ANN-TOK-001'],
    ['{"model":', 'ANN-TOK-001'],
    ['null', 'ANN-TOK-002'],
    ['[]', 'ANN-TOK-002'],
    ['{"model_type":"gpt2"}', 'ANN-TOK-002'],
    [JSON.stringify({ ...bpe, model: { ...bpe.model, merges: ['l zz'] } }), 'ANN-TOK-003'],
    [JSON.stringify({ ...bpe, normalizer: { type: 'Unheard-of' } }), 'ANN-TOK-004'],
  ];
  for (const [json, code] of cases) {
    await expect(loadTokenizer(json), json.slice(0, 80)).rejects.toMatchObject({ code });
  }
});

test('any JSON is loaded or refused with a code', async () => {
  const model = fc.record(
    {
      type: fc.constantFrom('BPE', 'WordPiece', 'Unigram', 'WordLevel', 'X'),
      vocab: fc.oneof(
        fc.dictionary(fc.string(), fc.integer()),
        fc.array(fc.tuple(fc.string(), fc.double())),
        fc.anything(),
      ),
      merges: fc.oneof(fc.array(fc.string()), fc.anything()),
      unk_token: fc.option(fc.string()),
    },
    { requiredKeys: [] },
  );
  const file = fc.oneof(
    fc.jsonValue(),
    fc.record({ model, added_tokens: fc.oneof(fc.constant([]), fc.anything()) }),
  );
  await fc.assert(
    fc.asyncProperty(file, async (value) => {
      try {
        const tokenizer = await loadTokenizer(JSON.stringify(value) ?? '');
        expect(tokenizer.vocab_size).toBeGreaterThan(0);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AnnealError);
      }
    }),
    { seed: SEED, numRuns: 1000 },
  );
});
