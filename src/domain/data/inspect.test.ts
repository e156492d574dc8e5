import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectText } from './inspect.ts';
import { splitText } from './split.ts';

const SEED = 20_240_607;

test('counts of a small text', () => {
  expect(inspectText('To be,\nor not 🙂', { top: 2, preview: 5 })).toEqual({
    characters: 15,
    lines: 2,
    words: 5,
    distinct_characters: 11,
    top_characters: [
      { character: ' ', count: 3 },
      { character: 'o', count: 3 },
    ],
    preview: 'To be',
  });
  expect(inspectText('')).toMatchObject({ characters: 0, lines: 0, words: 0, top_characters: [] });
  expect(inspectText('a\n').lines).toBe(1);
});

test('counts agree with counting the slow way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, preview) => {
      const facts = inspectText(text, { top: 1e6, preview });
      const characters = [...text];
      expect(facts.characters).toBe(characters.length);
      expect(facts.distinct_characters).toBe(new Set(characters).size);
      expect(facts.words).toBe((text.match(/\P{White_Space}+/gu) ?? []).length);
      expect(facts.top_characters.reduce((sum, { count }) => sum + count, 0)).toBe(characters.length);
      expect(text.startsWith(facts.preview)).toBe(true);
      expect(facts.preview.isWellFormed()).toBe(true);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('the last part is for validation, and nothing is lost or cut in two', () => {
  expect(splitText('0123456789', 0.1)).toEqual({ train: '012345678', validation: '9' });
  expect(splitText('abc', 0)).toEqual({ train: 'abc', validation: '' });
  expect(splitText('🙂🙂', 0.25)).toEqual({ train: '🙂', validation: '🙂' });
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
      const { train, validation } = splitText(text, share);
      expect(train + validation).toBe(text);
      expect(train.isWellFormed() && validation.isWellFormed()).toBe(true);
      expect(Math.abs(validation.length - text.length * share)).toBeLessThanOrEqual(2);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});
