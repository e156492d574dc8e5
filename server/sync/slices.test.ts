import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { Slices } from './slices.ts';

const edit = fc.record({
  who: fc.nat(3),
  at: fc.nat(1000),
  remove: fc.nat(6),
  insert: fc.string({ maxLength: 6 }),
  merge: fc.boolean(),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
const edits = fc.array(edit, { minLength: 1, maxLength: 60 });

const editors = (): readonly Y.Doc[] => Array.from({ length: 4 }, () => new Y.Doc());

/** Each of them types into his own, and some of it reaches the others. */
function type(docs: readonly Y.Doc[], list: readonly Edit[]): void {
  for (const { who, at, remove, insert, merge } of list) {
    const doc = docs[who] ?? expect.fail('there are four');
    const text = doc.getText('content');
    const from = text.length === 0 ? 0 : at % text.length;
    text.delete(from, Math.min(remove, text.length - from));
    text.insert(from, insert);
    if (merge) for (const other of docs) if (other !== doc) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  }
}

test('an update in slices of any size makes what it makes as a whole, and no slice waits for another', () => {
  fc.assert(
    fc.property(edits, fc.integer({ min: 1, max: 9 }), fc.nat(3), (list, size, which) => {
      const docs = editors();
      type(docs, list);
      const whole = new Y.Doc();
      for (const doc of docs) Y.applyUpdate(whole, Y.encodeStateAsUpdate(doc));
      const update = Y.encodeStateAsUpdate(whole);
      const target = new Y.Doc();
      const start = docs[which];
      if (start !== undefined) Y.applyUpdate(target, Y.encodeStateAsUpdate(start));
      const slices = Slices.of(update, 'text', (client) => Y.getState(target.store, client));
      for (let slice = slices?.next(size, target); slice; slice = slices?.next(size, target)) {
        Y.applyUpdate(target, slice);
        expect(target.store.pendingStructs).toBeNull();
        expect(target.store.pendingDs).toBeNull();
      }
      expect(target.getText('content').toString()).toBe(whole.getText('content').toString());
      expect(Y.encodeStateVector(target)).toEqual(Y.encodeStateVector(whole));
    }),
    { numRuns: 300 },
  );
});

test('what builds on something that is missing comes too, and waits in Yjs as it would as a whole', () => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, 'first');
  const known = Y.encodeStateVector(doc);
  text.insert(5, ' second');
  text.delete(0, 2);
  const late = Y.encodeStateAsUpdate(doc, known);
  const target = new Y.Doc();
  const slices = Slices.of(late, 'text', () => 0);
  for (let slice = slices?.next(1, target); slice; slice = slices?.next(1, target))
    Y.applyUpdate(target, slice);
  Y.applyUpdate(target, Y.encodeStateAsUpdate(doc));
  expect(target.getText('content').toString()).toBe('rst second');
});

test('what of an update can be placed is what Yjs would show of it, and nothing of it waits', () => {
  const waited = fc.boolean();
  let gaps = 0;
  fc.assert(
    fc.property(edits, fc.array(waited, { minLength: 1, maxLength: 40 }), (list, lost) => {
      const docs = editors();
      const updates: Uint8Array[] = [];
      for (const doc of docs) doc.on('update', (update: Uint8Array) => updates.push(update));
      type(docs, list);
      // Somebody heard most of it, and passes on all that he heard; another knows a little of it already.
      const heard = new Y.Doc();
      for (const [i, update] of updates.entries())
        if (lost[i % lost.length] !== true) Y.applyUpdate(heard, update);
      const target = new Y.Doc();
      for (const update of updates.slice(0, updates.length / 3)) Y.applyUpdate(target, update);
      const expected = new Y.Doc();
      Y.applyUpdate(expected, Y.encodeStateAsUpdate(target));
      const update = Y.encodeStateAsUpdate(heard);
      Y.applyUpdate(expected, update);
      if (expected.store.pendingStructs !== null) gaps++;
      const placeable = Slices.of(update, 'text', (client) => Y.getState(target.store, client))?.placeable(
        (client) => Y.getState(target.store, client),
      );
      Y.applyUpdate(target, placeable ?? expect.fail('it can be read'));
      expect(target.store.pendingStructs).toBeNull();
      expect(target.getText('content').toString()).toBe(expected.getText('content').toString());
    }),
    { numRuns: 300 },
  );
  expect(gaps).toBeGreaterThan(0); // about one in twelve
});
