import { expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { expand, rows, withArticle } from './expand.ts';

const slots = { hero: 'Lily', animal: 'owl', place: 'the pond' };

test('slots, capitals and articles', () => {
  const text = expand('{A animal} saw {hero} near {place}. {Place} was deep.', slots, new Random(1));
  expect(text).toBe('An owl saw Lily near the pond. The pond was deep.');
});

test('choices may hold slots and choices', () => {
  const seen = new Set<string>();
  const random = new Random(2);
  for (let i = 0; i < 100; i++) seen.add(expand('[x|{hero}[!|?]|]', slots, random));
  expect([...seen].sort()).toEqual(['', 'Lily!', 'Lily?', 'x']);
});

test('a slot that a story lacks and a bracket left open are found', () => {
  expect(() => expand('{nobody}', slots, new Random(1))).toThrow('nobody');
  expect(() => expand('[a|b', slots, new Random(1))).toThrow('not closed');
  expect(() => rows(['a', 'b'], 'only one')).toThrow('1 cells');
});

test('the article goes by the sound', () => {
  const cases = ['apple', 'unicorn', 'umbrella', 'hour', 'one-eyed bear', 'useful map', 'honest fox', 'hat'];
  expect(cases.map(withArticle).map((words) => words.split(' ')[0])).toEqual([
    ...['an', 'a', 'an', 'an', 'a', 'a', 'an', 'a'],
  ]);
});
