import { Dexie } from 'dexie';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import { mergeUpdates, persist } from '../../collab/persistence.ts';
import { newDocumentStore } from '../testing/document-store.ts';
import { openDocumentStore } from './store.ts';

let name = '';
let store: ReturnType<typeof newDocumentStore>['store'];
beforeEach(() => {
  ({ name, store } = newDocumentStore());
});

test('updates come back in their order, room by room', async () => {
  await store.append('a', Uint8Array.of(1), null);
  await store.append('b', Uint8Array.of(2), null);
  await store.append('a', Uint8Array.of(3), null);
  expect((await store.load('a')).updates).toEqual([Uint8Array.of(1), Uint8Array.of(3)]);
  expect(await store.rooms()).toEqual(['a', 'b']);
  expect(await store.remove('a', [])).toBe(true);
  expect(await store.rooms()).toEqual(['b']);
});

test('a view of a large buffer is stored as its own bytes', async () => {
  await store.append('a', new Uint8Array(1 << 20).subarray(5, 7), null);
  expect((await store.load('a')).updates[0]?.buffer.byteLength).toBe(2);
});

test('folding loses nothing, also what another page appends meanwhile', async () => {
  const doc = new Y.Doc();
  const writes: Promise<void>[] = [];
  doc.on('update', (update: Uint8Array) => writes.push(store.append('a', update, null)));
  for (let i = 0; i < 50; i++) doc.getText('content').insert(0, `${i} `);
  const other = openDocumentStore(name);
  await Promise.all([...writes, store.compact('a', mergeUpdates), other.compact('a', mergeUpdates)]);
  doc.getText('content').insert(0, 'last ');
  await Promise.all(writes);
  const again = new Y.Doc();
  const loaded = await store.load('a');
  for (const update of loaded.updates) Y.applyUpdate(again, update);
  expect(again.getText('content').toString()).toBe(doc.getText('content').toString());
  await store.compact('a', mergeUpdates);
  expect((await store.load('a')).updates).toHaveLength(1);
  other.close();
});

test('the log does not grow with every load', async () => {
  for (let load = 0; load < 8; load++) {
    const doc = new Y.Doc();
    const persistence = await persist({ doc, store, room: 'a' });
    for (let i = 0; i < 20; i++) {
      doc.getText('content').insert(0, 'x');
      await persistence.settled();
    }
    persistence.dispose();
  }
  expect((await store.load('a')).updates.length).toBeLessThan(100);
  const doc = new Y.Doc();
  await persist({ doc, store, room: 'a' });
  expect(doc.getText('content').length).toBe(160);
});

test('a failed write is tried again with the next edit, and nothing is lost', async () => {
  const doc = new Y.Doc();
  let full = true;
  const flaky = {
    ...store,
    append: (room: string, update: Uint8Array, author: number | null) =>
      full ? Promise.reject(new Error('full')) : store.append(room, update, author),
  };
  const states: string[] = [];
  const persistence = await persist({ doc, store: flaky, room: 'a', onState: (state) => states.push(state) });
  doc.getText('content').insert(0, 'one ');
  await persistence.settled();
  full = false;
  doc.getText('content').insert(0, 'two ');
  await persistence.settled();
  expect(states).toEqual(['storing', 'failed', 'storing', 'stored']);
  const again = new Y.Doc();
  await persist({ doc: again, store, room: 'a' });
  expect(again.getText('content').toString()).toBe('two one ');
});

test('a room set aside keeps its content under the other name', async () => {
  await store.append('a', Uint8Array.of(1), null);
  await store.acknowledge('a', { vector: Uint8Array.of(9), server: null, authors: [] });
  await store.setAside('a', 'a~1');
  expect((await store.load('a')).updates).toEqual([]);
  expect((await store.load('a')).acknowledged).toBe(null);
  expect((await store.load('a~1')).updates).toEqual([Uint8Array.of(1)]);
});

test('what a server is not known to have is found: edits of this machine, another epoch, rows of earlier versions', async () => {
  const saved = (epoch: number, authors: readonly number[]) => ({
    vector: Uint8Array.of(0),
    server: { epoch, lsn: 5 },
    authors,
  });
  await store.append('p/foreign', Uint8Array.of(1), null);
  await store.acknowledge('p/foreign', saved(1, []));
  await store.append('p/mine', Uint8Array.of(1), 7);
  await store.append('p/mine', Uint8Array.of(2), 8);
  await store.append('p/old', Uint8Array.of(1), null);
  expect(await store.unsaved(1)).toEqual(['p/mine', 'p/old']);
  await store.acknowledge('p/mine', saved(1, [7]));
  expect(await store.unsaved(1)).toEqual(['p/mine', 'p/old']); // another page wrote as 8
  await store.acknowledge('p/mine', saved(1, [8]));
  expect(await store.unsaved(1)).toEqual(['p/old']);
  expect(await store.unsaved(2)).toEqual(['p/foreign', 'p/mine', 'p/old']);
  expect((await store.load('p/mine')).server).toEqual({ epoch: 1, lsn: 5 });
});

test('how far a server was is known of every document, also of those that are closed', async () => {
  const saved = (epoch: number, lsn: number) => ({
    vector: Uint8Array.of(0),
    server: { epoch, lsn },
    authors: [],
  });
  expect(await store.furthest(1)).toBe(0);
  await store.acknowledge('p/a', saved(1, 5));
  await store.acknowledge('p/b', saved(1, 9));
  await store.acknowledge('p/c', saved(2, 100));
  expect([await store.furthest(1), await store.furthest(2), await store.furthest(3)]).toEqual([9, 100, 0]);
  await store.acknowledge('p/b', saved(1, 2)); // it was put back, and has been sent what it had lost
  expect(await store.furthest(1)).toBe(5);
});

test('what another page wrote, and no server is known to have, is not removed', async () => {
  await store.append('p/a', Uint8Array.of(1), 7);
  await store.append('p/a', Uint8Array.of(2), 8);
  expect(await store.remove('p/a', [7])).toBe(false);
  expect((await store.load('p/a')).updates).toHaveLength(2);
  expect(await store.remove('p/a', [7, 8])).toBe(true);
  expect(await store.rooms()).toEqual([]);
});

test('who wrote what is not sent yet goes along with it to another name, also to one that has something', async () => {
  await store.append('old', Uint8Array.of(1), 7);
  await store.append('new', Uint8Array.of(2), 8);
  await store.setAside('old', 'new');
  await store.acknowledge('new', { vector: Uint8Array.of(0), server: null, authors: [] });
  expect([...(await store.load('new')).unsaved].sort()).toEqual([7, 8]);
  expect(await store.remove('new', [8])).toBe(false); // it is still 7's, and on no server
  expect((await store.load('old')).unsaved).toEqual([]);
});

test('who wrote what is not sent yet is known after its rows are folded, and of what an earlier version stored', async () => {
  store.close();
  const earlier = new Dexie(name);
  earlier.version(1).stores({ updates: '++id, room', rooms: 'room' });
  const [one, two] = [new Y.Doc(), new Y.Doc()];
  one.getText('content').insert(0, 'one');
  two.getText('content').insert(0, 'two');
  await earlier.table('updates').add({ room: 'p/a', bytes: Y.encodeStateAsUpdate(one) });
  await earlier.table('rooms').put({ room: 'p/a', acknowledged: null, server: null, unsaved: [7] });
  earlier.close();

  store = openDocumentStore(name);
  onTestFinished(() => store.close());
  await store.append('p/a', Y.encodeStateAsUpdate(two), 8);
  expect([...(await store.load('p/a')).unsaved].sort()).toEqual([7, 8]);
  await store.compact('p/a', mergeUpdates);
  const { updates, unsaved } = await store.load('p/a');
  expect([updates.length, [...unsaved].sort()]).toEqual([1, [7, 8]]);
  await store.acknowledge('p/a', { vector: Uint8Array.of(0), server: { epoch: 1, lsn: 1 }, authors: [7, 8] });
  expect(await store.unsaved(1)).toEqual([]);
  expect(await store.remove('p/a', [])).toBe(true);
});

test('what a page wrote as it ended is found also where the database has no room for it', async () => {
  const key = `${name}/last/${Date.now()}/000000/one`;
  localStorage.setItem(key, JSON.stringify(['p/a', 7, btoa('\u0001\u0002')]));
  await store.append('p/a', Uint8Array.of(3), 8);
  await store.acknowledge('p/a', { vector: Uint8Array.of(0), server: { epoch: 1, lsn: 1 }, authors: [8] });
  const isFull = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
    throw new DOMException('no room', 'QuotaExceededError');
  });
  try {
    const { updates, unsaved } = await store.load('p/a');
    expect([updates, unsaved]).toEqual([[Uint8Array.of(3), Uint8Array.of(1, 2)], [7]]);
    expect(await store.unsaved(1)).toEqual(['p/a']);
    expect(await store.remove('p/a', [7, 8])).toBe(false);
  } finally {
    isFull.mockRestore();
  }
  expect((await store.load('p/a')).updates).toEqual([Uint8Array.of(3), Uint8Array.of(1, 2)]);
  expect(localStorage.getItem(key)).toBe(null);
  expect(await store.remove('p/a', [7])).toBe(true);
});

test('a page that lives on takes back what it wrote as if it ended', async () => {
  await store.leave('p/a', Uint8Array.of(1), 7);
  expect(Object.keys(localStorage).filter((key) => key.startsWith(name))).toEqual([]);
  expect((await store.load('p/a')).updates).toEqual([Uint8Array.of(1)]);
});
