import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { attributed, authorsByLine, stretchesOf } from './blame.ts';

/** Two people's documents, edited in turn and kept level. */
function written(edits: readonly { by: 0 | 1; at: number; remove: number; insert: string }[]): Y.Text {
  const docs = [new Y.Doc(), new Y.Doc()];
  docs.forEach((doc, index) => {
    doc.clientID = index + 1;
  });
  for (const { by, at, remove, insert } of edits) {
    const [own, other] = by === 0 ? docs : [...docs].reverse();
    if (own === undefined || other === undefined) throw new Error('There are two.');
    const text = own.getText('content');
    const from = Math.min(at, text.length);
    text.delete(from, Math.min(remove, text.length - from));
    text.insert(from, insert);
    Y.applyUpdate(other, Y.encodeStateAsUpdate(own, Y.encodeStateVector(other)));
  }
  return (docs[0] as Y.Doc).getText('content');
}

/** Clients 1 and 2, each of whom is who he says. */
const honest = new Map([1, 2].map((client) => [client, [{ from: 0, by: client }]]));

test('each line names its authors, whoever wrote most of it first', () => {
  const text = written([
    { by: 0, at: 0, remove: 0, insert: 'a: 1\nb: 2\n' },
    { by: 1, at: 3, remove: 1, insert: '1000000' },
    { by: 1, at: 99, remove: 0, insert: '  c: 3' },
  ]);
  expect(text.toString()).toBe('a: 1000000\nb: 2\n  c: 3');
  expect(authorsByLine(text.toString(), stretchesOf(text._start, honest))).toEqual([[2, 1], [1], [2]]);
});

test('stretches are as long as the text, whatever was deleted, and neighbours differ', () => {
  const edit = fc.record({
    by: fc.constantFrom(0 as const, 1 as const),
    at: fc.nat(30),
    remove: fc.nat(6),
    insert: fc.string({ maxLength: 5 }).map((text) => text.replaceAll('\r', '')),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 30 }), (edits) => {
      const text = written(edits);
      const stretches = stretchesOf(text._start, honest);
      expect(stretches.reduce((sum, { length }) => sum + length, 0)).toBe(text.length);
      for (const [i, { author }] of stretches.entries()) expect(author).not.toBe(stretches[i + 1]?.author);
      const lines = authorsByLine(text.toString(), stretches);
      expect(lines).toHaveLength(text.toString().split('\n').length);
      expect(attributed(stretches, () => 'all')).toHaveLength(text.length === 0 ? 0 : 1);
    }),
  );
});

test('who goes on under the client of another takes what he writes upon himself, also within one item', () => {
  const text = written([
    { by: 0, at: 0, remove: 0, insert: 'mine' },
    { by: 0, at: 4, remove: 0, insert: 'forged' },
  ]);
  const of = (...authors: { from: number; by: string }[]) =>
    stretchesOf(text._start, new Map([[1, authors]])).map(({ length, author }) => [length, author]);
  expect(of({ from: 0, by: 'Ada' }, { from: 4, by: 'Mallory' })).toEqual([
    [4, 'Ada'],
    [6, 'Mallory'],
  ]);
  expect(of({ from: 0, by: 'Ada' }, { from: 4, by: 'Mallory' }, { from: 8, by: 'Ada' })).toEqual([
    [4, 'Ada'],
    [4, 'Mallory'],
    [2, 'Ada'],
  ]);
  expect(of({ from: 2, by: 'Ada' }, { from: 10, by: 'Mallory' })).toEqual([
    [2, null],
    [8, 'Ada'],
  ]);
  expect(of()).toEqual([[10, null]]);
});
