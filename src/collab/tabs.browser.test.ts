import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { newDocumentStore } from '../storage/testing/document-store.ts';
import { contentOf, openRoom, type Room } from './room.ts';
import { FakeServer } from './testing/fake-server.ts';
import { seedOf } from './testing/replica.ts';

let server: FakeServer;
let store: DocumentStore;
let project = '';
const open: Room[] = [];

beforeEach(() => {
  project = `p${Date.now()}-${Math.random()}`;
  server = new FakeServer(seedOf('project: stories\n'));
  store = newDocumentStore().store;
});
afterEach(() => {
  for (const room of open.splice(0)) room.dispose();
});

/** Every call is a tab of its own, with a line of its own to the server. */
async function openTab(from: FakeServer = server): Promise<Room> {
  const room = await openRoom({
    project,
    path: 'anneal.yaml',
    store,
    server: 'ws://test',
    socket: from.socket,
  });
  open.push(room);
  return room;
}
const textOf = (room: Room): string => contentOf(room.doc).toString();
const synced = (room: Room) => expect.poll(() => room.state.connection.kind).toBe('synced');
const kept = (room: Room) => expect.poll(() => room.state.local).toBe('stored');

test('what another tab wrote counts as saved only once the server has it, whichever tab sends it', async () => {
  const away = new FakeServer();
  away.reachable = false;
  const a = await openTab();
  await expect.poll(() => a.state.connection).toEqual({ kind: 'synced', saved: true });
  await kept(a);
  const b = await openTab(away);
  server.storesAtOnce = false;
  contentOf(b.doc).insert(0, '# of b\n');
  await expect.poll(() => textOf(a)).toBe('# of b\nproject: stories\n');
  expect(a.state.connection).toEqual({ kind: 'synced', saved: false });
  expect(a.hasUnsaved).toBe(true);
  expect(contentOf(server.doc).toString()).toBe('# of b\nproject: stories\n');
  server.store();
  await expect.poll(() => a.state.connection).toEqual({ kind: 'synced', saved: true });
  expect(a.hasUnsaved).toBe(false);
});

test('a tab that may only read does not send what another one writes', async () => {
  const a = await openTab();
  await synced(a);
  await kept(a);
  const asReader = new FakeServer(Y.encodeStateAsUpdate(server.doc));
  asReader.role = 'viewer';
  const b = await openTab(asReader);
  await expect.poll(() => b.state.connection).toEqual({ kind: 'synced', saved: true });
  asReader.received.length = 0;
  const heard = new BroadcastChannel(`ws://test/sync/${project}/anneal.yaml`);
  const wrote = new Promise((resolve) => heard.addEventListener('message', resolve, { once: true }));
  contentOf(a.doc).insert(0, 'a');
  await wrote;
  heard.close();
  expect([textOf(b), asReader.received]).toEqual(['project: stories\n', []]);
});

test('a tab that comes later gets what the others hold, and nothing of it waits for more', async () => {
  const away = new FakeServer();
  away.reachable = false;
  const a = await openTab();
  await synced(a);
  await kept(a);
  const b = await openTab(away);
  contentOf(a.doc).insert(0, 'a');
  await expect.poll(() => textOf(b)).toBe('aproject: stories\n');
  a.dispose();
  contentOf(b.doc).insert(0, 'b'); // nobody hears it
  const c = await openTab();
  await synced(c);
  contentOf(b.doc).insert(0, 'B');
  await expect.poll(() => textOf(c)).toBe('Bbaproject: stories\n');
  await expect.poll(() => contentOf(server.doc).toString()).toBe('Bbaproject: stories\n');
  expect([b.doc, c.doc].map((doc) => doc.store.pendingStructs)).toEqual([null, null]);
});

test('a tab that still holds the document of before is not mixed with the one of now', async () => {
  const away = new FakeServer();
  away.reachable = false;
  const a = await openTab();
  await synced(a);
  await kept(a);
  const b = await openTab(away);
  expect(textOf(b)).toBe('project: stories\n');
  server.replace(seedOf('project: anew\n'));
  a.retry();
  await expect.poll(() => a.state.connection.kind).toBe('replaced');
  await a.setAside(new Date(0), true);
  a.dispose();
  const next = await openTab();
  await synced(next);
  contentOf(b.doc).insert(0, 'of before ');
  contentOf(next.doc).insert(0, 'of now ');
  // A third one hears both, in this order: by then each has heard the other, too.
  const third = new BroadcastChannel(`ws://test/sync/${project}/anneal.yaml`);
  const heard = new Promise((resolve) => third.addEventListener('message', resolve, { once: true }));
  contentOf(next.doc).insert(0, 'and ');
  await heard;
  third.close();
  expect(textOf(b)).toBe('of before project: stories\n');
  expect(textOf(next)).toBe('and of now project: anew\n');
  await expect.poll(() => contentOf(server.doc).toString()).toBe('and of now project: anew\n');
});
