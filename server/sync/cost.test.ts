import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { firstPortion, newsOf, nextPortion, structsOf, worstMs } from './cost.ts';
import { bringsNothing } from './nothing-new.ts';
import { scanUpdate } from './scan-update.ts';

const edits = fc.array(
  fc.record({ who: fc.nat(2), at: fc.nat(1000), remove: fc.nat(4), insert: fc.string({ maxLength: 4 }) }),
  { maxLength: 30 },
);

test('an update brings nothing exactly where applying it changes nothing', () => {
  fc.assert(
    fc.property(edits, fc.nat(30), fc.nat(2), fc.nat(2), (list, merged, from, to) => {
      const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
      for (const [i, { who, at, remove, insert }] of list.entries()) {
        const doc = docs[who] ?? new Y.Doc();
        const text = doc.getText('content');
        const start = text.length === 0 ? 0 : at % text.length;
        text.delete(start, Math.min(remove, text.length - start));
        text.insert(start, insert);
        if (i === merged)
          for (const one of docs) for (const other of docs) Y.applyUpdate(one, Y.encodeStateAsUpdate(other));
      }
      const [source, target] = [docs[from] ?? new Y.Doc(), docs[to] ?? new Y.Doc()];
      const update = Y.encodeStateAsUpdate(source);
      const says = bringsNothing(update, 'text', target, false);
      const before = Y.encodeStateAsUpdate(target);
      Y.applyUpdate(target, update);
      expect(says).toBe(Buffer.compare(before, Y.encodeStateAsUpdate(target)) === 0);
    }),
    { numRuns: 300 },
  );
});

test('what a reader has heard of others and cannot place is nothing that he brings', () => {
  const author = new Y.Doc();
  author.getText('content').insert(0, 'first');
  const known = Y.encodeStateVector(author);
  author.getText('content').insert(5, ' second');
  const [reader, target] = [new Y.Doc(), new Y.Doc()];
  Y.applyUpdate(reader, Y.encodeStateAsUpdate(author, known));
  const answer = Y.encodeStateAsUpdate(reader);
  expect(bringsNothing(answer, 'text', target, true)).toBe(true);
  expect(bringsNothing(answer, 'text', target, false)).toBe(false);
  reader.getText('content').insert(0, 'own');
  expect(bringsNothing(Y.encodeStateAsUpdate(reader), 'text', target, true)).toBe(false);
});

test('deletions that the document knows cost nothing, new ones cost what they delete', () => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  doc.transact(() => {
    for (let i = 0; i < 50; i++) text.insert(0, 'x');
  });
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  copy.getText('content').delete(0, 30);
  const update = Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc));
  const scan = scanUpdate(update, 'text');
  if (!scan.ok) throw scan.error;
  expect(newsOf(scan.value, doc)).toEqual({ structs: 0, deletes: 30, clients: 0 });
  Y.applyUpdate(doc, update);
  expect(newsOf(scan.value, doc)).toEqual({ structs: 0, deletes: 0, clients: 0 });
});

test('portions are small where each part may be dear, and follow what they take', () => {
  expect(firstPortion(0)).toBeGreaterThan(500);
  expect(firstPortion(50_000)).toBe(1);
  expect(worstMs(100, 50_000)).toBeGreaterThan(500);
  expect(nextPortion(100, 0.5)).toBe(200);
  expect(nextPortion(100, 4)).toBe(100);
  expect(nextPortion(100, 40)).toBe(25);
  expect(nextPortion(1, 40)).toBe(1);
});

test('structs are counted over all clients', () => {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'a');
  doc.clientID += 1;
  doc.getText('content').insert(0, 'b');
  expect(structsOf(doc)).toBe(2);
});
