import { expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { DocumentStore, StoredDocument } from '../domain/documents/ports.ts';
import { createMemoryLocks } from '../storage/memory/settings.ts';
import { createDocuments } from './documents.ts';
import { storeOf } from './own-store.ts';
import { FakeServer } from './testing/fake-server.ts';

/** A store in memory, with a hook that runs whenever it is asked for something. */
function memoryStore(meanwhile: () => void) {
  const updates = new Map<string, Uint8Array<ArrayBuffer>[]>();
  const acknowledged = new Map<string, Uint8Array<ArrayBuffer>>();
  const put = (room: string, update: Uint8Array): void =>
    void updates.set(room, [...(updates.get(room) ?? []), new Uint8Array(update)]);
  const store: DocumentStore = {
    async load(room): Promise<StoredDocument> {
      const found = {
        updates: updates.get(room) ?? [],
        acknowledged: acknowledged.get(room) ?? null,
        server: null,
        unsaved: [],
      };
      meanwhile();
      return found;
    },
    async append(room, update) {
      put(room, update);
      meanwhile();
    },
    async acknowledge(room, { vector }) {
      acknowledged.set(room, new Uint8Array(vector));
      meanwhile();
    },
    compact: async () => undefined,
    async setAside(room, name) {
      for (const update of updates.get(room) ?? []) put(name, update);
      updates.delete(room);
      acknowledged.delete(room);
      meanwhile();
    },
    async remove(room) {
      updates.delete(room);
      acknowledged.delete(room);
      return true;
    },
    rooms: async () => [...updates.keys()].sort(),
    unsaved: async () => [...updates.keys()].sort(),
    furthest: async () => 0,
  };
  return { store, put };
}

test('trap: a renamed file takes along what is typed while it is followed', async () => {
  const doc = new Y.Doc();
  const typed: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => typed.push(update));
  const text = doc.getText('content');
  let moments = 0;
  const { store, put } = memoryStore(() => {
    if (moments++ >= 3) return;
    text.insert(text.length, `${moments}`); // another tab of the same person
    for (const update of typed.splice(0)) put('p/old.md', update);
  });
  text.insert(0, 'offline ');
  for (const update of typed.splice(0)) await store.append('p/old.md', update, null);
  await store.acknowledge('p/old.md', { vector: Y.encodeStateVector(doc), server: null, authors: [] });
  const documents = createDocuments({
    store,
    server: 'ws://localhost:1',
    profile: {
      current: () => ({ id: 'ada', name: 'Ada' }),
      subscribe: () => () => undefined,
    },
    now: () => 0,
  });
  await documents.follow('p', 'old.md', 'new.md');
  const moved = await store.load('p/new.md');
  const there = new Y.Doc();
  for (const update of moved.updates) Y.applyUpdate(there, update);
  expect(there.getText('content').toString()).toBe('offline 123');
  expect(moved.acknowledged).not.toBeNull();
  expect(await store.rooms()).toEqual(['p/new.md']);
});

/** Where there is no page nobody hears that it goes. */
function asInPage({ socket }: FakeServer): void {
  vi.stubGlobal('WebSocket', socket);
  for (const name of ['addEventListener', 'removeEventListener']) vi.stubGlobal(name, () => undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
}

test('a device that comes back two generations late hands over what it had written, whoever looks', async () => {
  const { store, put } = memoryStore(() => undefined);
  const old = new Y.Doc();
  old.getText('content').insert(0, 'of long ago, and offline');
  put('p/notes.md', Y.encodeStateAsUpdate(old));
  await store.acknowledge('p/notes.md', { vector: Y.encodeStateVector(old), server: null, authors: [] });
  const now = new Y.Doc();
  now.getText('content').insert(0, 'of now');
  const server = new FakeServer(Y.encodeStateAsUpdate(now));
  asInPage(server);
  const page = () =>
    createDocuments({
      store,
      server: 'ws://localhost:1',
      profile: { current: () => ({ id: 'ada', name: 'Ada' }), subscribe: () => () => undefined },
      now: () => 0,
      locks: createMemoryLocks(),
    });
  const first = page();
  // Some other document is open: what is not on the server is sent in the background, and nobody listens.
  const other = first.use('p', 'other.md');
  await other.room;
  await vi.waitUntil(async () => (await store.rooms()).some((name) => name.includes('~unread~')), {
    timeout: 5_000,
  });
  const shown = first.use('p', 'notes.md');
  await vi.waitUntil(async () => first.textOf(await shown.room) === 'of now');
  shown.release();
  other.release();
  const next = page(); // the page was loaded again
  const offered: [string, string][] = [];
  await next.takeAside('elsewhere', async (...text) => offered.push(text));
  expect(offered).toEqual([]);
  const full = next.takeAside('p', () => Promise.reject(new Error('the disk is full')));
  await expect(full).rejects.toThrow('full');
  await next.takeAside('p', async (...text) => offered.push(text));
  await next.takeAside('p', async (...text) => offered.push(text));
  expect(offered).toEqual([['notes.md', 'of long ago, and offline']]);
  // It stays on the disk, and is nobody's document.
  expect((await store.rooms()).filter((name) => name.startsWith('p/notes.md~'))).toHaveLength(1);
});

test('where this machine stores nothing, what is put aside is handed over from memory', async () => {
  const { store } = memoryStore(() => undefined);
  const broken: DocumentStore = {
    ...store,
    load: () => Promise.reject(new Error('no storage')),
    setAside: () => Promise.reject(new Error('no storage')),
    rooms: () => Promise.reject(new Error('no storage')),
  };
  const server = new FakeServer();
  asInPage(server);
  const documents = createDocuments({
    store: broken,
    server: 'ws://localhost:1',
    profile: { current: () => ({ id: 'ada', name: 'Ada' }), subscribe: () => () => undefined },
    now: () => 0,
  });
  const { room, release } = documents.use('p', 'notes.md');
  const opened = await room;
  await vi.waitUntil(() => opened.state.connection.kind === 'synced');
  server.storesAtOnce = false;
  opened.doc.getText('content').insert(0, 'only in memory');
  server.close(4409, 'The document has begun anew');
  const offered: [string, string][] = [];
  await vi.waitUntil(async () => {
    await documents.takeAside('p', async (...text) => offered.push(text));
    return offered.length > 0;
  });
  expect(offered).toEqual([['notes.md', 'only in memory']]);
  release();
});

test('what one person keeps here the next one at the same browser neither sees nor sends', async () => {
  const { store, put } = memoryStore(() => undefined);
  let person: string | null = 'ada';
  const listeners = new Set<() => void>();
  const documents = createDocuments({
    store,
    server: 'ws://localhost:1',
    profile: { current: () => ({ id: 'x', name: 'X' }), subscribe: () => () => undefined },
    owner: {
      current: () => person,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    now: () => 0,
  });
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'from before there were people ');
  put('p/a.md', Y.encodeStateAsUpdate(doc));
  const textHere = async (): Promise<string> => {
    const held = documents.use('p', 'a.md');
    const room = await held.room;
    held.release();
    return documents.textOf(room);
  };
  const adas = await documents.use('p', 'a.md').room;
  expect(documents.textOf(adas)).toBe('from before there were people ');
  const replaced: string[] = [];
  documents.onReplaced((_project, path) => replaced.push(path));
  adas.doc.getText('content').insert(0, 'Ada wrote offline ');
  person = 'bob';
  for (const listener of listeners) listener();
  expect(replaced).toEqual(['a.md']);
  expect(await textHere()).toBe('');
  expect(await storeOf(store, 'bob').unsaved(1)).toEqual([]);
  expect(await storeOf(store, null).unsaved(1)).toEqual([]);
  expect(await storeOf(store, 'ada').unsaved(1)).toEqual(['p/a.md']);
  person = 'ada';
  for (const listener of listeners) listener();
  expect(await textHere()).toBe('Ada wrote offline from before there were people ');
  person = null; // nothing stays open
  for (const listener of listeners) listener();
});
