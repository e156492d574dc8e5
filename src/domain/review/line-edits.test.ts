import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LineEdit, lineEdits } from './line-edits.ts';

function applied(text: string, edits: readonly LineEdit[]): string {
  let [result, at] = ['', 0];
  for (const { start, end, text: inserted } of edits) {
    result += text.slice(at, start) + inserted;
    at = end;
  }
  return result + text.slice(at);
}

test('lines that are the same in both are not touched', () => {
  const before = 'a: 1\nb: 2\nc: 3\nd: 4\n';
  const after = 'a: 1\nb: 20\nc: 3\nd: 4\ne: 5';
  expect(lineEdits(before, after)).toEqual([
    { start: 5, end: 10, text: 'b: 20\n' },
    { start: 20, end: 20, text: 'e: 5' },
  ]);
  expect(lineEdits(before, before)).toEqual([]);
});

test('the edits make the one text of the other, and as few lines go as must', () => {
  const line = fc.constantFrom('a\n', 'b\n', 'c\n', '\n');
  const text = fc
    .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('', 'a', 'z'))
    .map(([lines, last]) => lines.join('') + last);
  fc.assert(
    fc.property(text, text, (before, after) => {
      const edits = lineEdits(before, after);
      expect(applied(before, edits)).toBe(after);
      const gone = edits.reduce((sum, { start, end }) => sum + countLines(before.slice(start, end)), 0);
      expect(gone).toBe(countLines(before) - longestCommon(before, after));
    }),
    { numRuns: 500 },
  );
});

test('however little may be looked at, the edits make the one text of the other', () => {
  const line = fc.constantFrom('a\n', 'b\n', 'c\n', '\n');
  const text = fc
    .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('', 'a', 'z'))
    .map(([lines, last]) => lines.join('') + last);
  const few = fc.record({
    lines: fc.nat({ max: 20 }),
    differences: fc.nat({ max: 8 }),
    steps: fc.nat({ max: 30 }),
  });
  fc.assert(
    fc.property(text, text, few, (before, after, bounds) => {
      const edits = lineEdits(before, after, bounds);
      expect(applied(before, edits)).toBe(after);
      let last = -1;
      for (const { start, end } of edits) {
        expect(start).toBeGreaterThan(last);
        expect(end).toBeGreaterThanOrEqual(start);
        last = end;
      }
    }),
    { numRuns: 1_000 },
  );
});

test('of very many lines that are alike only the ends are looked at', () => {
  const before = `x\n${'\n'.repeat(2_000_000)}y\nend\n`;
  const after = `p\n${'\n'.repeat(1_999_850)}q\nend\n`;
  const tail = 'end\n'.length;
  expect(lineEdits(before, after)).toEqual([
    { start: 0, end: before.length - tail, text: after.slice(0, -tail) },
  ]);
  const fewer = [`x\n${'\n'.repeat(30_000)}y\n`, `p\n${'\n'.repeat(29_850)}q\n`] as const;
  expect(lineEdits(...fewer)).toHaveLength(2);
  expect(lineEdits(...fewer, { lines: 40_000, differences: 200, steps: 20_000 })).toHaveLength(1);
});

test('texts that have nothing in common are replaced in one piece', () => {
  const lines = (mark: string): string => Array.from({ length: 3_000 }, (_, i) => `${mark}${i}\n`).join('');
  expect(lineEdits(lines('a'), lines('b'))).toEqual([{ start: 0, end: lines('a').length, text: lines('b') }]);
});

const split = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const countLines = (text: string): number => split(text).length;

/** By the table that every textbook has. */
function longestCommon(one: string, other: string): number {
  const [a, b] = [split(one), split(other)];
  let row = new Array<number>(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    for (const [j, candidate] of b.entries()) {
      next.push(line === candidate ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
