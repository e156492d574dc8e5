import { expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { DocumentStore, StoredDocument } from '../domain/documents/ports.ts';
import { CloseCode } from '../protocol/sync.ts';
import { createMemoryLocks } from '../storage/memory/settings.ts';
import { asideName, createAside } from './aside.ts';
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
    leave: async (room, update) => put(room, update),
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

test('one copy that cannot be taken keeps no other from being taken, and stays', async () => {
  const { store } = memoryStore(() => undefined);
  const aside = createAside(store, undefined, () => true);
  for (const path of ['a.md', 'b.md', 'c.md', 'd.md']) {
    const doc = new Y.Doc();
    doc.getText('content').insert(0, `of ${path}`);
    const name = asideName(`p/${path}`, new Date(0), false);
    const isKept = path > 'b.md';
    if (isKept) await store.append(name, Y.encodeStateAsUpdate(doc), null);
    else aside.add({ project: 'p', path, text: `of ${path}` });
  }
  const offered: string[] = [];
  const refuses = (bad: readonly string[]) => async (path: string) => {
    if (bad.includes(path)) throw new Error(`no ${path}`);
    offered.push(path);
  };
  await expect(aside.take('p', refuses(['a.md', 'c.md']))).rejects.toThrow('no a.md');
  expect(offered).toEqual(['b.md', 'd.md']);
  await aside.take('p', refuses([]));
  expect(offered).toEqual(['b.md', 'd.md', 'a.md', 'c.md']);
});

/** The documents of a browser that people sign in at, one after the other; Ada is the first. */
function ofPeople(store: DocumentStore) {
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
  const comes = (next: string | null): void => {
    person = next;
    for (const listener of listeners) listener();
  };
  return { documents, comes };
}

test('what one person keeps here the next one at the same browser neither sees nor sends', async () => {
  const { store, put } = memoryStore(() => undefined);
  const { documents, comes } = ofPeople(store);
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
  comes('bob');
  expect(replaced).toEqual(['a.md']);
  expect(await textHere()).toBe('');
  expect(await storeOf(store, 'bob', () => 0).unsaved(1)).toEqual([]);
  expect(await storeOf(store, null, () => 0).unsaved(1)).toEqual([]);
  expect(await storeOf(store, 'ada', () => 0).unsaved(1)).toEqual(['p/a.md']);
  comes('ada');
  expect(await textHere()).toBe('Ada wrote offline from before there were people ');
  comes(null); // nothing stays open
});

test('what was put aside from memory is handed to whoever wrote it, and to nobody else', async () => {
  const { store } = memoryStore(() => undefined);
  const broken: DocumentStore = {
    ...store,
    load: () => Promise.reject(new Error('no storage')),
    setAside: () => Promise.reject(new Error('no storage')),
    rooms: () => Promise.reject(new Error('no storage')),
  };
  const server = new FakeServer();
  asInPage(server);
  const { documents, comes } = ofPeople(broken);
  const replaced: string[] = [];
  documents.onReplaced((_project, path) => replaced.push(path));
  for (const path of ['a.md', 'b.md']) {
    const { room } = documents.use('p', path);
    const opened = await room;
    await vi.waitUntil(() => opened.state.connection.kind === 'synced');
    opened.doc.getText('content').insert(0, 'only in memory ');
    server.close(CloseCode.rotated, 'The document has begun anew');
    await vi.waitUntil(() => replaced.includes(path));
  }
  const offered: string[] = [];
  const take = async (path: string): Promise<void> => {
    offered.push(path);
    comes('bob'); // while Ada's page still saves the first
  };
  await documents.takeAside('p', take);
  await documents.takeAside('p', take);
  expect(offered).toEqual(['a.md']);
  comes('ada');
  await documents.takeAside('p', take);
  expect(offered).toEqual(['a.md', 'b.md']);
  comes(null);
});

test('what an earlier version kept of another document is put aside, and not mixed with what is here', async () => {
  const { store, put } = memoryStore(() => undefined);
  const keep = (room: string, text: string, from?: Y.Doc): Y.Doc => {
    const doc = new Y.Doc();
    if (from !== undefined) Y.applyUpdate(doc, Y.encodeStateAsUpdate(from));
    doc.getText('content').insert(0, text);
    put(room, Y.encodeStateAsUpdate(doc));
    return doc;
  };
  const textOf = async (room: string): Promise<string> => {
    const doc = new Y.Doc();
    for (const update of (await storeOf(store, 'ada', () => 0).load(room)).updates)
      Y.applyUpdate(doc, update);
    return doc.getText('content').toString();
  };
  keep('@ada/p/other.md', 'of now');
  keep('p/other.md', 'of long ago');
  const same = keep('@ada/p/same.md', 'seed');
  keep('p/same.md', 'and more, ', same);
  expect(await textOf('p/other.md')).toBe('of now');
  expect(await textOf('p/same.md')).toBe('and more, seed');
  const { documents, comes } = ofPeople(store);
  const offered: [string, string][] = [];
  await documents.takeAside('p', async (...text) => offered.push(text));
  expect(offered).toEqual([['other.md', 'of long ago']]);
  comes(null);
});
