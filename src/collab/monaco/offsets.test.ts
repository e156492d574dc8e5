import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { differenceOf, mapOffset, type Replacement, replacementsOf } from './offsets.ts';

const apply = (text: string, replacements: readonly Replacement[]): string =>
  [...replacements]
    .reverse()
    .reduce(
      (before, { start, end, text: inserted }) => before.slice(0, start) + inserted + before.slice(end),
      text,
    );

test('replacements do what Yjs says was done', () => {
  const edits = fc.array(fc.tuple(fc.nat(40), fc.nat(6), fc.string({ maxLength: 5 })), { maxLength: 12 });
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), edits, (initial, changes) => {
      const text = new Y.Doc().getText('content');
      text.insert(0, initial);
      const before = text.toString();
      let delta: Y.YTextEvent['delta'] = [];
      text.observe((event) => {
        delta = event.delta;
      });
      text.doc?.transact(() => {
        for (const [at, length, inserted] of changes) {
          const start = Math.min(at, text.length);
          text.delete(start, Math.min(length, text.length - start));
          text.insert(start, inserted);
        }
      });
      expect(apply(before, replacementsOf(delta))).toBe(text.toString());
    }),
  );
});

test('two people who type at one place do not push each other along', () => {
  expect(mapOffset([{ start: 3, end: 3, text: 'abc' }], 3, 'left')).toBe(3);
  expect(mapOffset([{ start: 3, end: 3, text: 'abc' }], 3, 'right')).toBe(6);
});

test('an offset keeps its neighbours', () => {
  const one = [{ start: 2, end: 5, text: 'x' }];
  expect([0, 1, 2, 3, 4, 5, 6].map((offset) => mapOffset(one, offset, 'left'))).toEqual([
    0, 1, 2, 2, 2, 3, 4,
  ]);
});

test('a difference, applied, is the other text, and no pair of surrogates is cut', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '\n', '😀', '😁', '🀀'), { maxLength: 12 })
    .map((x) => x.join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const difference = differenceOf(before, after);
      expect(difference === null).toBe(before === after);
      if (difference === null) return;
      expect(apply(before, [difference])).toBe(after);
      expect(difference.text.isWellFormed()).toBe(true);
      expect(before.slice(difference.start, difference.end).isWellFormed()).toBe(true);
    }),
  );
});
