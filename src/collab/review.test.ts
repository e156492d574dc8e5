import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { textPositionSchema } from '../protocol/review.ts';
import { preferredColour } from './colours.ts';
import { introduce } from './presence.ts';
import { reviewReader } from './review.ts';
import type { Room } from './room.ts';

/** As much of a room as reading takes. */
function roomWith(content: string): Room {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, content);
  return { doc, awareness: new Awareness(doc) } as unknown as Room;
}

const textOf = (room: Room): Y.Text => room.doc.getText('content');

test('a place stays with its words, whatever is written before and after', () => {
  const edit = fc.record({ at: fc.nat(40), remove: fc.nat(4), insert: fc.string({ maxLength: 4 }) });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
      const room = roomWith('before|the words|after');
      const anchor = reviewReader.anchorAt(room, { start: 7, end: 16 });
      expect(anchor.quote).toBe('the words');
      expect(textPositionSchema.parse(anchor.start)).toEqual(anchor.start);
      for (const { at, remove, insert } of edits) {
        // Anywhere but in the words.
        const place = reviewReader.placeOf(room, anchor);
        if (place === null) throw new Error('The place is gone.');
        const text = textOf(room);
        const index = Math.min(at, text.length);
        if (index > place.start && index < place.end) continue;
        const free = index <= place.start ? place.start - index : text.length - index;
        text.delete(index, Math.min(remove, free));
        text.insert(index, insert);
      }
      const place = reviewReader.placeOf(room, anchor);
      expect(textOf(room).toString().slice(place?.start, place?.end)).toBe('the words');
    }),
  );
});

test('words that are gone leave a place without length, and text that never came none', () => {
  const room = roomWith('a: 1\nb: 2\n');
  const anchor = reviewReader.anchorAt(room, { start: 5, end: 9 });
  textOf(room).delete(4, 6);
  expect(reviewReader.placeOf(room, anchor)).toEqual({ start: 4, end: 4 });
  expect(reviewReader.placeOf(roomWith('other'), anchor)).toBe(null);
  // In a document that was begun anew they are found by themselves, unless they stand there twice.
  expect(reviewReader.placeOf(roomWith('# b: 2'), anchor)).toEqual({ start: 2, end: 6 });
  expect(reviewReader.placeOf(roomWith('b: 2, b: 2'), anchor)).toBe(null);
});

test('an insertion is a change of nothing, at the end of what stands before it', () => {
  const room = roomWith('a: 1\n');
  const edit = reviewReader.suggestedEdit(room, { start: 4, end: 4, newText: '0' });
  expect(edit).toMatchObject({ oldText: '', newText: '0' });
  textOf(room).insert(0, '# more\n');
  expect(reviewReader.placeOf(room, edit)).toEqual({ start: 11, end: 11 });
});

test('lines are whose they are: by what the server has noted, or by who is here', () => {
  const room = roomWith('a: 1\n');
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(room.doc));
  other.getText('content').insert(5, 'b: 2\n');
  Y.applyUpdate(room.doc, Y.encodeStateAsUpdate(other));
  introduce(room.awareness, { id: 'ada', name: 'Ada' });
  const ada = { id: 'ada', name: 'Ada' };
  const bob = { id: 'bob', name: 'Bob' };
  expect(reviewReader.blame(room, new Map())).toMatchObject([[ada], [null], []]);
  expect(reviewReader.blame(room, new Map([[other.clientID, [{ from: 0, by: bob }]]]))).toMatchObject([
    [ada],
    [bob],
    [],
  ]);
});

test('two who would like the same colour can be told apart in the gutter', () => {
  const liked = preferredColour('ada');
  const twin = Array.from({ length: 1000 }, (_, i) => `person ${i}`).find(
    (id) => preferredColour(id) === liked,
  );
  const room = roomWith('a: 1\n');
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(room.doc));
  other.getText('content').insert(5, 'b: 2\n');
  Y.applyUpdate(room.doc, Y.encodeStateAsUpdate(other));
  introduce(room.awareness, { id: 'ada', name: 'Ada' });
  const authors = new Map([[other.clientID, [{ from: 0, by: { id: twin ?? '', name: 'Twin' } }]]]);
  const [first, second] = reviewReader.blame(room, authors).map(([author]) => author?.colour);
  expect(new Set([first, second]).size).toBe(2);
});
