import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { CloseCode } from '../protocol/sync.ts';
import { asideName, createAside } from './aside.ts';
import { storeOf } from './own-store.ts';
import { FakeServer } from './testing/fake-server.ts';
import { MemoryDocuments, UnreadableDocuments } from './testing/memory-store.ts';
import { pageOf, reaching, until } from './testing/page.ts';

test('trap: a renamed file takes along what is typed while it is followed', async () => {
  const doc = new Y.Doc();
  const typed: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => typed.push(update));
  const text = doc.getText('content');
  const store = new MemoryDocuments();
  const write = async (): Promise<void> => {
    for (const update of typed.splice(0)) await store.append('p/old.md', update, null);
  };
  text.insert(0, 'offline ');
  await write();
  await store.acknowledge('p/old.md', { vector: Y.encodeStateVector(doc), server: null, authors: [] });
  let moments = 0;
  for (const step of ['load', 'setAside', 'acknowledge'] as const) {
    const plain = store[step].bind(store) as (...args: unknown[]) => Promise<never>;
    vi.spyOn(store, step).mockImplementationOnce(async (...args: unknown[]) => {
      const done = await plain(...args);
      text.insert(text.length, `${++moments}`); // another tab of the same person
      await write();
      return done;
    });
  }
  const documents = pageOf(store);
  await documents.follow('p', 'old.md', 'new.md');
  const moved = await store.load('p/new.md');
  const there = new Y.Doc();
  for (const update of moved.updates) Y.applyUpdate(there, update);
  expect(there.getText('content').toString()).toBe('offline 123');
  expect(moved.acknowledged).not.toBeNull();
  expect(await store.rooms()).toEqual(['p/new.md']);
});

test('a device that comes back two generations late hands over what it had written, whoever looks', async () => {
  const store = new MemoryDocuments();
  const old = new Y.Doc();
  old.getText('content').insert(0, 'of long ago, and offline');
  await store.append('p/notes.md', Y.encodeStateAsUpdate(old), null);
  await store.acknowledge('p/notes.md', { vector: Y.encodeStateVector(old), server: null, authors: [] });
  const now = new Y.Doc();
  now.getText('content').insert(0, 'of now');
  const server = new FakeServer(Y.encodeStateAsUpdate(now));
  reaching(server);
  const first = pageOf(store);
  // Some other document is open: what is not on the server is sent in the background, and nobody listens.
  const other = first.use('p', 'other.md');
  await other.room;
  await until(async () => (await store.rooms()).some((name) => name.includes('~unread~')));
  const shown = first.use('p', 'notes.md');
  await until(async () => first.textOf(await shown.room) === 'of now');
  shown.release();
  other.release();
  const next = pageOf(store); // the page was loaded again
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
  const server = new FakeServer();
  reaching(server);
  const documents = pageOf(new UnreadableDocuments());
  const { room, release } = documents.use('p', 'notes.md');
  const opened = await room;
  await until(() => opened.state.connection.kind === 'synced');
  server.storesAtOnce = false;
  opened.doc.getText('content').insert(0, 'only in memory');
  server.close(CloseCode.rotated, 'The document has begun anew');
  const offered: [string, string][] = [];
  await until(async () => {
    await documents.takeAside('p', async (...text) => offered.push(text));
    return offered.length > 0;
  });
  expect(offered).toEqual([['notes.md', 'only in memory']]);
  release();
});

test('one copy that cannot be taken keeps no other from being taken, and stays', async () => {
  const store = new MemoryDocuments();
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
  const documents = pageOf(store, {
    owner: {
      current: () => person,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  const comes = (next: string | null): void => {
    person = next;
    for (const listener of listeners) listener();
  };
  return { documents, comes };
}

test('what one person keeps here the next one at the same browser neither sees nor sends', async () => {
  const store = new MemoryDocuments();
  const { documents, comes } = ofPeople(store);
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'from before there were people ');
  await store.append('p/a.md', Y.encodeStateAsUpdate(doc), null);
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
  const server = new FakeServer();
  reaching(server);
  const { documents, comes } = ofPeople(new UnreadableDocuments());
  const replaced: string[] = [];
  documents.onReplaced((_project, path) => replaced.push(path));
  for (const path of ['a.md', 'b.md']) {
    const { room } = documents.use('p', path);
    const opened = await room;
    await until(() => opened.state.connection.kind === 'synced');
    opened.doc.getText('content').insert(0, 'only in memory ');
    server.close(CloseCode.rotated, 'The document has begun anew');
    await until(() => replaced.includes(path));
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
  const store = new MemoryDocuments();
  const keep = async (room: string, text: string, from?: Y.Doc): Promise<Y.Doc> => {
    const doc = new Y.Doc();
    if (from !== undefined) Y.applyUpdate(doc, Y.encodeStateAsUpdate(from));
    doc.getText('content').insert(0, text);
    await store.append(room, Y.encodeStateAsUpdate(doc), null);
    return doc;
  };
  const textOf = async (room: string): Promise<string> => {
    const doc = new Y.Doc();
    for (const update of (await storeOf(store, 'ada', () => 0).load(room)).updates)
      Y.applyUpdate(doc, update);
    return doc.getText('content').toString();
  };
  await keep('@ada/p/other.md', 'of now');
  await keep('p/other.md', 'of long ago');
  const same = await keep('@ada/p/same.md', 'seed');
  await keep('p/same.md', 'and more, ', same);
  expect(await textOf('p/other.md')).toBe('of now');
  expect(await textOf('p/same.md')).toBe('and more, seed');
  const { documents, comes } = ofPeople(store);
  const offered: [string, string][] = [];
  await documents.takeAside('p', async (...text) => offered.push(text));
  expect(offered).toEqual([['other.md', 'of long ago']]);
  comes(null);
});
