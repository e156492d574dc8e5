import { expect, test } from 'vitest';
import { assignColours } from '../../../collab/colours.ts';
import { offeredNames } from './composer.tsx';
import { authorsOf, sharesOf } from './history.tsx';
import { whenWords } from './said.tsx';

const ada = { id: 'a', name: 'Ada' };
const bob = { id: 'b', name: 'Bob' };

test('who wrote how much of a version, most first', () => {
  const spans: [number, number][] = [
    [2, 0],
    [6, 1],
    [2, -1],
  ];
  expect(sharesOf({ text: '0123456789', people: [ada, bob], spans })).toBe(
    'Written by Bob (60 %), Ada (20 %)',
  );
  expect(sharesOf({ text: 'x', people: [], spans: [[1, -1]] })).toBe('');
});

test('a version says whose each line is', () => {
  const content = {
    text: 'a: 1\nb: 2\n',
    people: [ada, bob],
    spans: [
      [5, 1],
      [5, -1],
    ] as [number, number][],
  };
  expect(authorsOf(content, assignColours)).toEqual([
    [{ ...bob, colour: assignColours(['a', 'b']).get('b') }],
    [null],
    [],
  ]);
});

test('names are offered from the @ on, until they are whole', () => {
  expect(offeredNames('see @', [ada, bob])).toEqual([ada, bob]);
  expect(offeredNames('see @b', [ada, bob])).toEqual([bob]);
  expect(offeredNames('see @Bob', [ada, bob])).toEqual([]);
  expect(offeredNames('see', [ada, bob])).toEqual([]);
});

test('times are told as far away as they are', () => {
  const now = Date.UTC(2026, 10, 21, 12);
  expect(whenWords(now - 5_000, now)).toBe('just now');
  expect(whenWords(now - 5 * 60_000, now)).toBe('5 min ago');
  expect(whenWords(now - 40 * 24 * 3_600_000, now)).toMatch(/^Oct 1\d, 2026$/);
});
