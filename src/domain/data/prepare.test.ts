import { expect, test } from 'vitest';
import { charTokenizer } from '../../engine/tokenizers/char.ts';
import { hasher } from '../../storage/hasher.ts';
import { dataProfile, hashText, prepareData } from './prepare.ts';
import { generateStories } from './stories/corpus.ts';
import { tokenizerKey } from './tokenizer-key.ts';

const ports = { hasher };

test('the hash is that of the UTF-8 bytes, also where pieces meet inside a character', async () => {
  // sha256 of "abc", FIPS 180-2, appendix B.1.
  expect(await hashText('abc', ports)).toEqual({
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    bytes: 3,
  });
  const long = `x${'🙂'.repeat(600_000)}`;
  const state = await hasher.sha256();
  const bytes = new TextEncoder().encode(long);
  state.update(bytes);
  expect(await hashText(long, ports)).toEqual({ sha256: state.digest(), bytes: bytes.length });
});

test('a profile counts bytes and characters', async () => {
  expect(await dataProfile('a.txt', 'née 🙂', ports)).toMatchObject({
    source: 'a.txt',
    bytes: 9,
    characters: 5,
    distinct_characters: 5,
    tokenizer: null,
  });
});

test('characters come from the whole text, and the parts are the text', async () => {
  const text = 'abcabcabcZ';
  const request = { source: 'a.txt', text, validation_split: 0.1, tokenizer: { type: 'char' } } as const;
  const { tokenizer, train, validation, profile, notices } = await prepareData(request, ports);
  expect(tokenizer.vocab_size).toBe(4);
  expect(tokenizer.decode(train)).toBe('abcabcabc');
  expect(tokenizer.decode(validation)).toBe('Z');
  expect(notices).toEqual([]);
  expect(profile.tokenizer).toEqual({
    key: tokenizerKey({ type: 'char' }, 0.1),
    vocab_size: 4,
    train_tokens: 9,
    validation_tokens: 1,
  });
});

test('BPE learns nothing from the validation part', async () => {
  const train = await generateStories({ characters: 30_000 });
  const tokenizer = { type: 'bpe', vocab_size: 400 } as const;
  const make = async (end: string): Promise<string> => {
    const text = train + end.padEnd(train.length, end);
    return (
      await prepareData({ source: 'a', text, validation_split: 0.5, tokenizer }, ports)
    ).tokenizer.toJSON();
  };
  expect(await make('zyx zyx zyx ')).toBe(await make('quite another text '));
});

test('a tokenizer file is used as it is; what it does not know is counted and said', async () => {
  const request = {
    source: 'a.txt',
    text: 'abcabd',
    validation_split: 0,
    tokenizer: { type: 'file', path: 'tokenizer.json' },
  } as const;
  const tokenizerJson = charTokenizer('abc').toJSON();
  const { train, notices } = await prepareData({ ...request, tokenizerJson }, ports);
  expect([...train]).toEqual([0, 1, 2, 0, 1]);
  expect(notices).toMatchObject([{ code: 'ANN-DAT-023', data: { dropped: 1 } }]);
  await expect(prepareData(request, ports)).rejects.toMatchObject({
    code: 'ANN-DAT-007',
    where: 'tokenizer.json',
  });
});

test('an empty part is said', async () => {
  const request = { source: 'a', text: 'ab', validation_split: 0.1, tokenizer: { type: 'char' } } as const;
  const { notices } = await prepareData({ ...request, text: 'ab', validation_split: 1 }, ports);
  expect(notices).toMatchObject([{ code: 'ANN-DAT-024' }]);
});

test('the key changes with whatever changes the tokens', () => {
  const keys = [
    tokenizerKey({ type: 'char' }, 0.1),
    tokenizerKey({ type: 'char' }, 0.2),
    tokenizerKey({ type: 'bpe', vocab_size: 512 }, 0.1),
    tokenizerKey({ type: 'bpe', vocab_size: 513 }, 0.1),
    tokenizerKey({ type: 'file', path: 'a.json' }, 0.1),
    tokenizerKey({ type: 'file', path: 'b.json' }, 0.1),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
