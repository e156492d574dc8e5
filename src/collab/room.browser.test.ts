import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { protocolErrors } from '../protocol/errors.ts';
import { newDocumentStore } from '../storage/testing/document-store.ts';
import type { Tickets } from './admitted-socket.ts';
import { backoff } from './connection.ts';
import { isOtherDocument } from './lives.ts';
import { introduce, people } from './presence.ts';
import { contentOf, openRoom, type Room } from './room.ts';
import { FakeServer } from './testing/fake-server.ts';
import { seedOf } from './testing/replica.ts';

const SEED = seedOf('project: stories\n');
let server: FakeServer;
let store: DocumentStore;
let project = '';
const open: Room[] = [];
let count = 0;

beforeEach(() => {
  project = `p${Date.now()}-${count++}`;
  server = new FakeServer(SEED);
  store = newDocumentStore().store;
});
afterEach(() => {
  for (const room of open.splice(0)) room.dispose();
});

/** Every call is a tab of its own: they share what a browser's tabs share, storage and broadcast channel. */
async function openTab(from: FakeServer = server, tickets?: Tickets): Promise<Room> {
  const room = await openRoom({
    project,
    path: 'anneal.yaml',
    store,
    server: 'ws://test',
    socket: from.socket,
    tickets,
  });
  open.push(room);
  return room;
}
const textOf = (room: Room): string => contentOf(room.doc).toString();
const synced = (room: Room) => expect.poll(() => room.state.connection.kind).toBe('synced');
const kept = (room: Room) => expect.poll(() => room.state.local).toBe('stored');

test('load before first sync: what this machine keeps is there before the server is asked', async () => {
  const first = await openTab();
  await synced(first);
  server.reachable = false;
  server.cut();
  contentOf(first.doc).insert(0, '# offline\n');
  await kept(first);
  first.dispose();

  const again = await openTab();
  expect(textOf(again)).toBe('# offline\nproject: stories\n');
  expect(again.state.ready).toBe(true);
  server.reachable = true;
  again.retry();
  await synced(again);
  await expect.poll(() => contentOf(server.doc).toString()).toBe('# offline\nproject: stories\n');
});

test('duplicate seed: nothing is written before the first sync, and merging the two copies doubles nothing', async () => {
  server.reachable = false;
  const room = await openTab();
  await expect.poll(() => room.state.connection.kind).toBe('offline');
  expect(room.state.ready).toBe(false);
  expect(textOf(room)).toBe('');
  server.reachable = true;
  room.retry();
  await synced(room);
  expect(room.state.ready).toBe(true);
  expect(textOf(room)).toBe('project: stories\n');
  await kept(room);
  room.dispose();
  const again = await openTab();
  await synced(again);
  expect(textOf(again)).toBe('project: stories\n');
  expect(contentOf(server.doc).toString()).toBe('project: stories\n');
});

test('duplicate seed: a server that was set up anew is not merged with the copy kept here', async () => {
  const room = await openTab();
  await synced(room);
  contentOf(room.doc).insert(0, '# mine\n');
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
  await kept(room);
  server.replace(seedOf('project: stories\n'));
  room.retry();
  await expect.poll(() => room.state.connection.kind).toBe('replaced');
  expect(contentOf(server.doc).toString()).toBe('project: stories\n');
  expect(textOf(room)).toBe('# mine\nproject: stories\n');
  expect(await room.setAside(new Date(0), true)).toEqual({
    text: '# mine\nproject: stories\n',
    isStored: true,
    failure: null,
  });
  room.dispose();
  const fresh = await openTab();
  await synced(fresh);
  expect(textOf(fresh)).toBe('project: stories\n');
  expect(await store.rooms()).toContain(`${project}/anneal.yaml~1970-01-01T00:00:00.000Z`);
});

test('two tabs of one person: they work together offline, and each keeps what it wrote', async () => {
  const [a, b] = [await openTab(), await openTab()];
  await Promise.all([synced(a), synced(b)]);
  for (const tab of [a, b]) introduce(tab.awareness, { id: 'ann', name: 'Ann' });
  await expect.poll(() => people(a.awareness, 'ann')).toMatchObject([{ id: 'ann', tabs: 2, isSelf: true }]);
  server.reachable = false;
  server.cut();
  contentOf(a.doc).insert(0, 'a');
  contentOf(b.doc).insert(contentOf(b.doc).length, 'b');
  await expect.poll(() => [textOf(a), textOf(b)]).toEqual(Array(2).fill('aproject: stories\nb'));
  await Promise.all([kept(a), kept(b)]);
  a.dispose();
  b.dispose();
  const again = await openTab();
  expect(textOf(again)).toBe('aproject: stories\nb');
  server.reachable = true;
  again.retry();
  await expect.poll(() => contentOf(server.doc).toString()).toBe('aproject: stories\nb');
});

test('offline edits of two machines merge', async () => {
  const a = await openTab();
  await synced(a);
  const far = new Y.Doc();
  Y.applyUpdate(far, Y.encodeStateAsUpdate(server.doc));
  server.reachable = false;
  server.cut();
  contentOf(a.doc).insert(0, 'here ');
  contentOf(far).insert(contentOf(far).length, 'there');
  Y.applyUpdate(server.doc, Y.encodeStateAsUpdate(far));
  server.reachable = true;
  a.retry();
  await expect.poll(() => textOf(a)).toBe('here project: stories\nthere');
  await expect.poll(() => contentOf(server.doc).toString()).toBe('here project: stories\nthere');
});

test('saved means: on the disk of the server', async () => {
  server.storesAtOnce = false;
  const room = await openTab();
  await synced(room);
  server.store();
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
  contentOf(room.doc).insert(0, 'x');
  expect(room.state.connection).toEqual({ kind: 'synced', saved: false });
  contentOf(room.doc).delete(0, 1); // shows in no state vector: only counting tells
  server.store();
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
});

test('a final close is shown with its reason and not tried again; a transient one is', async () => {
  const room = await openTab();
  await synced(room);
  server.cut();
  await synced(room); // by itself, after the back-off
  server.close(4410, 'The file has been deleted');
  expect(room.state.connection).toEqual({ kind: 'refused', code: 4410, reason: 'The file has been deleted' });
  expect(server.connections).toBe(0);
  contentOf(room.doc).insert(0, 'still mine ');
  await kept(room);
  room.dispose();
});

test('a session that ends: the next ticket says so, the text stays, and signing in sends what was written', async () => {
  let signedIn = true;
  let asked = 0;
  const room = await openTab(server, async () => {
    asked += 1;
    if (!signedIn) throw protocolErrors.notSignedIn();
    return [`anneal.ticket.${asked}`];
  });
  await synced(room);
  signedIn = false;
  server.close(4404, 'There is no such project'); // what the server says to whoever has no role any more
  await expect.poll(() => room.state.connection).toMatchObject({ kind: 'refused', code: 4401 });
  expect(textOf(room)).toBe('project: stories\n');
  contentOf(room.doc).insert(0, '# meanwhile\n');
  await kept(room);
  signedIn = true;
  room.retry();
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
  expect(contentOf(server.doc).toString()).toBe('# meanwhile\nproject: stories\n');
  expect(asked).toBe(3);
});

test('who is sent away is not given up before a ticket has been asked for again', async () => {
  const room = await openTab(server, async () => []);
  await synced(room);
  server.reachable = false;
  server.close(4404, 'There is no such project');
  await expect.poll(() => room.state.connection.kind).toBe('offline'); // it is asked for again first
});

test('edits made while a connection opens are sent once, with the answer to the server', async () => {
  const first = await openTab();
  await expect.poll(() => first.state.connection).toEqual({ kind: 'synced', saved: true });
  await kept(first);
  server.cut();
  contentOf(first.doc).insert(0, 'x');
  server.received.length = 0;
  first.retry();
  contentOf(first.doc).insert(0, 'y');
  await expect.poll(() => contentOf(server.doc).toString()).toBe('yxproject: stories\n');
  expect(server.received).toEqual(['step 1', 'step 2']);
});

test('without storage the work goes on, and the failure is told', async () => {
  const broken: DocumentStore = {
    load: () => Promise.reject(new Error('no storage')),
    append: () => Promise.reject(new Error('no storage')),
    leave: () => Promise.reject(new Error('no storage')),
    acknowledge: () => Promise.reject(new Error('no storage')),
    compact: () => Promise.reject(new Error('no storage')),
    setAside: () => Promise.reject(new Error('no storage')),
    remove: () => Promise.reject(new Error('no storage')),
    rooms: () => Promise.resolve([]),
    unsaved: () => Promise.resolve([]),
    furthest: () => Promise.resolve(0),
  };
  const room = await openRoom({
    project,
    path: 'a',
    store: broken,
    server: 'ws://test',
    socket: server.socket,
  });
  open.push(room);
  await synced(room);
  expect(textOf(room)).toBe('project: stories\n');
  expect(room.state.local).toBe('failed');
  expect(String(room.localFailure)).toContain('no storage');
});

test('the back-off doubles to half a minute, with jitter', () => {
  expect(backoff(1, () => 1)).toBe(200);
  expect(backoff(1, () => 0)).toBe(100);
  expect(backoff(50, () => 1)).toBe(30_000);
  expect(backoff(50, () => 0)).toBe(15_000);
});

test('a server that is behind is the same document; one that shares no client is another', () => {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, SEED);
  const behind = Y.encodeStateVector(doc);
  doc.getText('content').insert(0, 'more');
  const acknowledged = Y.encodeStateVector(doc);
  const fresh = new Y.Doc();
  Y.applyUpdate(fresh, seedOf('other'));
  expect(isOtherDocument(acknowledged, behind)).toBe(false);
  expect(isOtherDocument(acknowledged, Y.encodeStateVector(new Y.Doc()))).toBe(false);
  expect(isOtherDocument(acknowledged, Y.encodeStateVector(fresh))).toBe(true);
  expect(isOtherDocument(null, Y.encodeStateVector(fresh))).toBe(false);
});

test('a new epoch: nothing counts as saved before the server has it in that epoch', async () => {
  const room = await openTab();
  contentOf(room.doc).insert(0, '# mine\n');
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
  expect(room.hasUnsaved).toBe(false);
  server.storesAtOnce = false;
  server.epoch += 1;
  server.cut();
  room.retry();
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: false });
  expect(room.hasUnsaved).toBe(true);
  server.store();
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
  expect(room.hasUnsaved).toBe(false);
});

test('what the server has is noted here, and an edit that it does not have is', async () => {
  const name = `${project}/anneal.yaml`;
  const room = await openTab();
  await synced(room);
  await expect.poll(() => store.unsaved(server.epoch)).toEqual([]);
  expect(await store.unsaved(server.epoch + 1)).toEqual([name]);
  server.reachable = false;
  server.cut();
  contentOf(room.doc).insert(0, 'offline ');
  await kept(room);
  expect(await store.unsaved(server.epoch)).toEqual([name]);
  server.reachable = true;
  room.retry();
  await expect.poll(() => store.unsaved(server.epoch)).toEqual([]);
});

test('a document that began anew is forgotten where the server had all of it, and not where it had not', async () => {
  const room = await openTab();
  await expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
  await kept(room);
  server.close(4409, 'The document has begun anew');
  expect(room.state.connection.kind).toBe('replaced');
  expect(room.hasUnsaved).toBe(false);
  expect(await room.forget()).toBe(true);
  expect(await store.rooms()).toEqual([]);
  const other = await openTab();
  await synced(other);
  server.storesAtOnce = false;
  contentOf(other.doc).insert(0, 'not acknowledged ');
  server.close(4409, 'The document has begun anew');
  expect(other.hasUnsaved).toBe(true);
});
