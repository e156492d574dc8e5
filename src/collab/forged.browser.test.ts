import * as encoding from 'lib0/encoding';
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
let count = 0;

beforeEach(() => {
  project = `f${Date.now()}-${count++}`;
  server = new FakeServer(seedOf('seed\n'));
  store = newDocumentStore().store;
});
afterEach(() => {
  for (const room of open.splice(0)) room.dispose();
});

async function openTab(): Promise<Room> {
  const room = await openRoom({
    project,
    path: 'a.md',
    store,
    server: 'ws://test',
    socket: server.socket,
  });
  open.push(room);
  return room;
}
const textOf = (room: Room): string => contentOf(room.doc).toString();
const saved = (room: Room) =>
  expect.poll(() => room.state.connection).toEqual({ kind: 'synced', saved: true });
const kept = (room: Room) => expect.poll(() => room.state.local).toBe('stored');

/** What somebody who means harm puts where another's edits would go on. */
function forge(client: number, clock: number): void {
  const update = encoding.encode((encoder) => {
    for (const number of [1, 1, client, clock]) encoding.writeVarUint(encoder, number);
    encoding.writeUint8(encoder, 0);
    for (const number of [1_000_000, 0]) encoding.writeVarUint(encoder, number);
  });
  Y.applyUpdate(server.doc, update);
}

async function tunnel(room: Room): Promise<void> {
  contentOf(room.doc).insert(0, 'online ');
  await saved(room);
  server.reachable = false;
  server.cut();
}

test('what was written offline is not given up to whoever wrote under its client meanwhile', async () => {
  const room = await openTab();
  await tunnel(room);
  forge(room.doc.clientID, Y.getState(room.doc.store, room.doc.clientID));
  contentOf(room.doc).insert(0, 'an hour of work ');
  await kept(room);
  server.reachable = true;
  room.retry();
  await expect.poll(() => room.state.connection.kind).toBe('replaced');
  expect(textOf(room)).toBe('an hour of work online seed\n');
  expect((await room.setAside(new Date(0), false)).text).toBe('an hour of work online seed\n');
});

test('nor where the page was closed and opened again in between', async () => {
  const first = await openTab();
  await tunnel(first);
  const { clientID } = first.doc;
  contentOf(first.doc).insert(0, 'an hour of work ');
  await kept(first);
  first.dispose();
  forge(clientID, Y.getState(server.doc.store, clientID));
  const room = await openTab();
  server.reachable = true;
  room.retry();
  await expect.poll(() => room.state.connection.kind).toBe('replaced');
  expect(textOf(room)).toBe('an hour of work online seed\n');
});

test('nor what is on its way while that is told', async () => {
  const room = await openTab();
  contentOf(room.doc).insert(0, 'online ');
  await saved(room);
  const { clientID } = room.doc;
  const clock = Y.getState(room.doc.store, clientID);
  forge(clientID, clock);
  contentOf(room.doc).insert(0, 'just now ');
  await expect.poll(() => room.state.connection.kind).toBe('replaced');
  expect(textOf(room)).toBe('just now online seed\n');
  expect(room.hasUnsaved).toBe(true);
});

test('a tab that is still open has written what the server has more of: nothing is in the way', async () => {
  const first = await openTab();
  contentOf(first.doc).insert(0, 'first ');
  await kept(first); // stored here as unsaved, whether or not the server has it by now
  const second = await openTab();
  contentOf(first.doc).insert(0, 'more ');
  await saved(first);
  await saved(second);
  expect(textOf(second)).toBe('more first seed\n');
});

test('who only reads lets go of what the server has lost, and of nothing that was written here', async () => {
  server.role = 'viewer';
  const room = await openTab();
  await saved(room);
  const before = Y.encodeStateAsUpdate(server.doc);
  const other = new Y.Doc();
  Y.applyUpdate(other, before);
  contentOf(other).insert(0, 'told, not stored ');
  Y.applyUpdate(server.doc, Y.encodeStateAsUpdate(other));
  await expect.poll(() => textOf(room)).toBe('told, not stored seed\n');
  server.replace(before);
  room.retry();
  await expect.poll(() => room.state.connection.kind).toBe('replaced');
  expect(room.unsent.size).toBe(0);
  expect(contentOf(server.doc).toString()).toBe('seed\n');
  server.role = 'editor';
  const writes = await openTab();
  await expect.poll(() => contentOf(server.doc).toString()).toBe('told, not stored seed\n');
  await saved(writes);
});

test('what was written here before one might only read is not let go of', async () => {
  const first = await openTab();
  await tunnel(first);
  contentOf(first.doc).insert(0, 'not sent ');
  await kept(first);
  first.dispose();
  server.role = 'viewer';
  server.reachable = true;
  const room = await openTab();
  await expect.poll(() => room.state.connection).toMatchObject({ kind: 'refused', code: 4403 });
  expect(textOf(room)).toBe('not sent online seed\n');
  expect(room.unsent.size).toBeGreaterThan(0);
  expect(contentOf(server.doc).toString()).toBe('online seed\n');
});
