import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { cutUpdate } from './cut-update.ts';

/** So much the heads of a part's clients add to what was asked for. */
const HEADS = 300;

const edit = fc.record({
  who: fc.nat(3),
  at: fc.nat(10_000),
  text: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
    fc.string({ unit: 'grapheme', minLength: 200, maxLength: 600 }),
  ),
  removes: fc.nat(4),
  hears: fc.boolean(),
});

/** Several people write into one text, each hearing of the others now and then. */
function written(
  edits: readonly { who: number; at: number; text: string; removes: number; hears: boolean }[],
) {
  const docs = Array.from({ length: 4 }, (_, i) => {
    const doc = new Y.Doc();
    doc.clientID = 10 + i;
    return doc;
  });
  const [first = new Y.Doc()] = docs;
  for (const { who, at, text: wish, removes, hears } of edits) {
    const doc = docs[who] ?? first;
    if (hears) for (const other of docs) Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
    const text = doc.getText('content');
    text.insert(at % (text.length + 1), wish.toWellFormed());
    if (removes === 0) text.delete(0, Math.min(text.length, at % 5));
  }
  for (const doc of docs) Y.applyUpdate(first, Y.encodeStateAsUpdate(doc));
  return first;
}

test('the parts of an update make what the whole makes, and none ever waits for the next', () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`cut update: seed ${seed}`);
  let cuts = 0;
  fc.assert(
    fc.property(
      fc.array(edit, { minLength: 1, maxLength: 40 }),
      fc.nat(100),
      fc.integer({ min: 60, max: 500 }),
      (edits, share, longest) => {
        const whole = written(edits);
        const there = new Y.Doc();
        const before = written(edits.slice(0, Math.floor((share / 100) * edits.length)));
        Y.applyUpdate(there, Y.encodeStateAsUpdate(before));
        const update = Y.encodeStateAsUpdate(whole, Y.encodeStateVector(there));
        const parts = cutUpdate(update, longest);
        cuts += parts.length - 1;
        for (const part of parts) {
          expect(part.length).toBeLessThan(longest + HEADS);
          Y.applyUpdate(there, part);
          expect([there.store.pendingStructs, there.store.pendingDs]).toEqual([null, null]);
        }
        expect(there.getText('content').toString()).toBe(whole.getText('content').toString());
        expect(Y.encodeStateVector(there)).toEqual(Y.encodeStateVector(whole));
        const late = new Y.Doc();
        Y.applyUpdate(late, Y.encodeStateAsUpdate(there));
        expect(late.getText('content').toString()).toBe(whole.getText('content').toString());
      },
    ),
    { numRuns: 500, seed },
  );
  expect(cuts).toBeGreaterThan(1_000);
});

test('what is short enough is left as it is', () => {
  const update = Y.encodeStateAsUpdate(written([{ who: 0, at: 0, text: 'short', removes: 1, hears: false }]));
  expect(cutUpdate(update, update.length)).toEqual([update]);
});

test('one struct that is too long by itself is cut, and never within a character', () => {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, '\u{1f642}'.repeat(5_000));
  doc.getText('content').insert(4, 'between');
  const parts = cutUpdate(Y.encodeStateAsUpdate(doc), 1_000);
  expect(parts.length).toBeGreaterThan(15);
  const there = new Y.Doc();
  for (const part of parts) {
    Y.applyUpdate(there, part);
    expect(there.getText('content').toString().isWellFormed()).toBe(true);
  }
  expect(there.getText('content').toString()).toBe(doc.getText('content').toString());
  // What belongs together grows together again.
  expect(there.store.clients.get(doc.clientID)?.length).toBeLessThan(5);
});

test('what names retired clients comes first, before the text of whoever it is', () => {
  const doc = new Y.Doc();
  for (const client of [10, 20, 30]) {
    doc.clientID = client;
    if (client === 30) doc.getMap('rotation').set('retired', Uint8Array.of(0, 1, 7));
    else doc.getText('content').insert(0, 'a long text, '.repeat(100));
  }
  const [first = new Uint8Array()] = cutUpdate(Y.encodeStateAsUpdate(doc), 500);
  const there = new Y.Doc();
  Y.applyUpdate(there, first);
  expect(there.getMap('rotation').get('retired')).toEqual(Uint8Array.of(0, 1, 7));
  expect(first.length).toBeLessThan(500 + HEADS);
});

test("entries of a project's document are cut too", () => {
  const doc = new Y.Doc();
  const files = doc.getMap('files');
  for (let i = 0; i < 300; i++) files.set(`${i % 50}.txt`, { kind: 'text', created: i });
  const parts = cutUpdate(Y.encodeStateAsUpdate(doc), 200);
  const there = new Y.Doc();
  for (const part of parts) Y.applyUpdate(there, part);
  expect(parts.length).toBeGreaterThan(10);
  expect(there.getMap('files').toJSON()).toEqual(files.toJSON());
});
