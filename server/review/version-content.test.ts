import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineEdits } from '../../src/domain/review/line-edits.ts';
import type { VersionContent } from '../../src/protocol/review.ts';
import { changedTo } from './version-content.ts';

const people = [0, 1, 2].map((i) => ({ id: `user-${i}`, name: `Person ${i}` }));

/** Whose each character is. */
const authors = ({ spans }: VersionContent): number[] =>
  spans.flatMap(([length, author]) => Array.from({ length }, () => author));

const line = fc.constantFrom('a\n', 'b\n', 'long line\n', '\n');
const text = fc.tuple(fc.array(line, { maxLength: 20 }), fc.constantFrom('', 'z')).map(([lines, last]) => {
  return lines.join('') + last;
});
const content = fc
  .tuple(text, fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -1, max: 2 }))))
  .map(([written, parts]): VersionContent => {
    const spans: [number, number][] = [];
    let left = written.length;
    for (const [length, author] of parts) {
      if (left === 0) break;
      spans.push([Math.min(length, left), author]);
      left -= Math.min(length, left);
    }
    if (left > 0) spans.push([left, -1]);
    return { text: written, people, spans };
  });

test('what stays is whose it was, what is new is his who brings it', () => {
  fc.assert(
    fc.property(content, text, (before, after) => {
      const changed = changedTo(before, after, people[1] ?? null);
      const expected: number[] = [];
      let at = 0;
      const was = authors(before);
      for (const { start, end, text: inserted } of lineEdits(before.text, after)) {
        expected.push(...was.slice(at, start), ...Array.from(inserted, () => 1));
        at = end;
      }
      expected.push(...was.slice(at));
      expect(changed.text).toBe(after);
      expect(authors(changed)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
