import { expect, test } from 'vitest';
import { judge, type Piece } from './ledger.ts';

const piece = (token: string, more: Partial<Piece> = {}): Piece => ({
  token,
  typedSafely: true,
  removed: false,
  removedSafely: false,
  ...more,
});

test('what was acknowledged must be there, what was not may be', () => {
  const pieces = [piece('<a.1>'), piece('<a.2>', { typedSafely: false }), piece('<a.3>')];
  expect(judge('<a.1><a.3>', pieces)).toEqual({ lost: [], wrong: [] });
  expect(judge('<a.1><a.2>', pieces)).toEqual({ lost: ['<a.3>'], wrong: [] });
});

test('removals count too, and while one is under way either is right', () => {
  const gone = piece('<a.1>', { removed: true, removedSafely: true });
  const going = piece('<a.2>', { removed: true });
  expect(judge('<a.2>', [gone, going])).toEqual({ lost: [], wrong: [] });
  expect(judge('', [gone, going])).toEqual({ lost: [], wrong: [] });
  expect(judge('<a.1>', [gone, going])).toEqual({ lost: ['the removal of <a.1>'], wrong: [] });
});

test('nothing is there twice, and nothing that nobody typed', () => {
  expect(judge('<a.1><a.1>', [piece('<a.1>')]).wrong).toEqual(['<a.1>']);
  expect(judge('<a.1>?<b.1>', [piece('<a.1>')]).wrong).toEqual(['?', '<b.1>']);
});
