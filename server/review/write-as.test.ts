import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { stretchesOf } from '../../src/domain/review/blame.ts';
import type { TextPosition } from '../../src/protocol/review.ts';
import { offsetOf, type Replacement, writeAs } from './write-as.ts';

/** Stretches of a text of this length that do not overlap, in any order. */
const replacementsIn = (length: number): fc.Arbitrary<Replacement[]> =>
  fc
    .tuple(
      fc.uniqueArray(fc.nat(length), { maxLength: 8 }),
      fc.array(fc.string({ maxLength: 5 }), { minLength: 4, maxLength: 4 }),
    )
    .map(([ends, texts]) => {
      const sorted = [...ends].sort((a, b) => a - b);
      const found: Replacement[] = [];
      for (let i = 0; i + 1 < sorted.length; i += 2)
        found.push({ start: sorted[i] ?? 0, end: sorted[i + 1] ?? 0, text: texts[i / 2] ?? '' });
      return found.reverse();
    });

function spliced(text: string, replacements: readonly Replacement[]): string {
  return [...replacements]
    .sort((a, b) => b.start - a.start)
    .reduce((sum, { start, end, text: inserted }) => sum.slice(0, start) + inserted + sum.slice(end), text);
}

test('an edit under a client of its own makes the text that it should, here and for everybody else', () => {
  const word = fc.string({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      word.chain((text) => fc.tuple(fc.constant(text), replacementsIn(text.length))),
      ([before, replacements]) => {
        const doc = new Y.Doc();
        const own = doc.clientID;
        const text = doc.getText('content');
        text.insert(0, before);
        const reader = new Y.Doc();
        Y.applyUpdate(reader, Y.encodeStateAsUpdate(doc));
        doc.on('update', (update: Uint8Array) => Y.applyUpdate(reader, update));
        const client = doc.transact(() => writeAs(text, replacements));
        expect(text.toString()).toBe(spliced(before, replacements));
        expect(reader.getText('content').toString()).toBe(text.toString());
        expect(doc.clientID).toBe(own);
        expect(client).not.toBe(own);
        const authors = new Map([[client, [{ from: 0, by: client }]]]);
        const written = stretchesOf(text._start, authors).filter(({ author }) => author === client);
        const inserted = replacements.reduce((sum, { text: { length } }) => sum + length, 0);
        expect(written.reduce((sum, { length }) => sum + length, 0)).toBe(inserted);
      },
    ),
  );
});

test('a position of another text, of what never was, or that is none, is nowhere', () => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, 'text');
  doc.getText('other').insert(0, 'other');
  const at = (of: Y.Text, index: number): TextPosition =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(of, index)) as TextPosition;
  expect(offsetOf(text, at(text, 2))).toBe(2);
  expect(offsetOf(text, at(text, 4))).toBe(4);
  expect(offsetOf(text, at(doc.getText('other'), 2))).toBe(null);
  expect(offsetOf(text, { tname: 'content', item: { client: 1, clock: 9 } })).toBe(null);
  expect(offsetOf(text, { tname: 'content', item: { client: doc.clientID, clock: 2 ** 50 } })).toBe(null);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.constantFrom(-1, 0, 1), (client, clock, assoc) => {
      const found = offsetOf(text, { tname: 'content', item: { client, clock }, assoc });
      expect(found === null || (found >= 0 && found <= text.length)).toBe(true);
    }),
  );
});
