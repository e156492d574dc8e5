import fc from 'fast-check';
import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { hasGaps, type Scan, scanUpdate, storedLimits } from './scan-update.ts';

function scanned(update: Uint8Array, kind: 'text' | 'project' = 'text'): Scan {
  const result = scanUpdate(update, kind);
  if (!result.ok) throw result.error;
  return result.value;
}

/** What a few people type, in documents that are merged now and then. */
const session = fc.array(
  fc.record({
    who: fc.nat(2),
    at: fc.nat(1000),
    remove: fc.nat(5),
    insert: fc.string({ unit: 'grapheme', maxLength: 8 }),
    merge: fc.boolean(),
  }),
  { maxLength: 40 },
);

function replay(edits: SessionOf): { docs: Y.Doc[]; updates: Uint8Array[] } {
  const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
  const updates: Uint8Array[] = [];
  for (const doc of docs) doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const { who, at, remove, insert, merge } of edits) {
    const doc = docs[who];
    if (doc === undefined) continue;
    const text = doc.getText('content');
    doc.transact(() => {
      const from = text.length === 0 ? 0 : at % text.length;
      text.delete(from, Math.min(remove, text.length - from));
      if (insert !== '') text.insert(from, insert);
    });
    if (merge) for (const other of docs) if (other !== doc) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  }
  return { docs, updates };
}
type SessionOf = readonly {
  readonly who: number;
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  readonly merge: boolean;
}[];

test('whatever editors make is let through, with the counts that Yjs has', () => {
  fc.assert(
    fc.property(session, (edits) => {
      const { docs, updates } = replay(edits);
      for (const update of [...updates, ...docs.map((doc) => Y.encodeStateAsUpdate(doc))]) {
        const scan = scanned(update);
        const { structs, ds } = Y.decodeUpdate(update);
        expect(scan.structs).toBe(structs.length);
        expect(scan.deletes).toBe([...ds.clients.values()].reduce((sum, items) => sum + items.length, 0));
        expect(scan.clients).toBe(new Set(structs.map((struct) => struct.id.client)).size);
      }
    }),
    { numRuns: 60 },
  );
});

test('a gap is found exactly where Yjs would wait', () => {
  fc.assert(
    fc.property(session, fc.nat(100), (edits, skip) => {
      const { updates } = replay(edits);
      const doc = new Y.Doc();
      for (const [index, update] of updates.entries()) {
        if (index % 7 === skip % 7) continue; // never arrives
        const gaps = hasGaps(scanned(update), (client) => Y.getState(doc.store, client));
        const fresh = new Y.Doc();
        Y.applyUpdate(fresh, Y.encodeStateAsUpdate(doc));
        Y.applyUpdate(fresh, update);
        const waits = fresh.store.pendingStructs !== null || fresh.store.pendingDs !== null;
        if (waits) expect(gaps).toBe(true);
        if (!waits) Y.applyUpdate(doc, update);
      }
    }),
    { numRuns: 60 },
  );
});

test('no bytes at all make it throw, and what it lets through Yjs reads without harm', () => {
  const valid = session.map((edits) => Y.encodeStateAsUpdate(replay(edits).docs[0] ?? new Y.Doc()));
  const mutated = fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([update, changes]) => {
      const copy = Uint8Array.from(update);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    });
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated),
      fc.constantFrom('text', 'project'),
      (update, kind) => {
        const result = scanUpdate(update, kind as 'text' | 'project');
        if (!result.ok) {
          expect(result.error.code).toMatch(/^ANN-SRV-01[123]$/);
          return;
        }
        const doc = new Y.Doc();
        doc.getText('content');
        const before = process.cpuUsage();
        try {
          Y.applyUpdate(doc, update);
        } catch {
          // Contradictions inside of an update are Yjs' to find; the room survives its exceptions.
        }
        // What it costs, and not how long others keep the machine.
        const { user, system } = process.cpuUsage(before);
        expect(user + system).toBeLessThan(500_000);
      },
    ),
    { numRuns: 2000 },
  );
});

test("entries of a project's document pass, with every kind of JSON but one that sets a prototype", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (entries) => {
      const doc = new Y.Doc();
      const files = doc.getMap('files');
      for (const [path, value] of Object.entries(entries)) files.set(path, { value });
      const poisoned = Object.values(entries).some((value) => JSON.stringify(value).includes('"__proto__":'));
      expect(scanUpdate(Y.encodeStateAsUpdate(doc), 'project').ok).toBe(!poisoned);
      for (const path of Object.keys(entries)) files.delete(path);
      expect(scanUpdate(Y.encodeStateAsUpdate(doc), 'project').ok).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('carriage returns are noticed in what is inserted', () => {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'a\r\nb');
  expect(scanned(Y.encodeStateAsUpdate(doc)).carriageReturn).toBe(true);
  doc.getText('content').delete(1, 1);
  expect(scanned(Y.encodeStateAsUpdate(doc)).carriageReturn).toBe(false);
});

/** An update that only deletes: for each client its ranges, clock and length. */
function deletions(...clients: readonly (readonly (readonly [number, number])[])[]): Uint8Array {
  return encoding.encode((out) => {
    encoding.writeVarUint(out, 0);
    encoding.writeVarUint(out, clients.length);
    for (const [index, ranges] of clients.entries()) {
      encoding.writeVarUint(out, index + 1);
      encoding.writeVarUint(out, ranges.length);
      for (const value of ranges.flat()) encoding.writeVarUint(out, value);
    }
  });
}

test('what is deleted comes in order and once; what is stored already is read as it is', () => {
  const honest = deletions(
    [
      [0, 2],
      [2, 1],
      [9, 4],
    ],
    [[0, 1]],
  );
  expect(scanned(honest).deletes).toBe(4);
  const bad = {
    overlapping: deletions([
      [0, 5],
      [4, 1],
    ]),
    repeated: deletions([
      [0, 5],
      [0, 5],
    ]),
    backwards: deletions([
      [5, 1],
      [0, 1],
    ]),
    'an empty range': deletions([[3, 0]]),
    'a client without ranges': deletions([]),
  };
  for (const [what, update] of Object.entries(bad)) {
    expect(scanUpdate(update, 'text'), what).toMatchObject({ ok: false, error: { code: 'ANN-SRV-011' } });
    expect(scanUpdate(update, 'text', storedLimits).ok, what).toBe(true);
  }
});

test('no more clients are deleted from than a document may have', () => {
  const some = (count: number) => deletions(...Array.from({ length: count }, () => [[0, 1]] as const));
  expect(scanned(some(4_000)).deletes).toBe(4_000);
  expect(scanUpdate(some(4_001), 'text').ok).toBe(false);
});
