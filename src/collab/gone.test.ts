import { expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../protocol/sync.ts';
import { createMemoryLocks } from '../storage/memory/settings.ts';
import { createDocuments, type Documents } from './documents.ts';
import { storeOf } from './own-store.ts';
import { persist } from './persistence.ts';
import { createResend } from './resend.ts';
import type { Room } from './room.ts';
import { FakeServer } from './testing/fake-server.ts';
import { MemoryDocuments } from './testing/memory-store.ts';

// What several pages of one browser keep together, while one of them puts it aside or removes it.

const PATH = 'notes.md';

function stateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** The next page that is opened reaches this server. */
function reaching({ socket }: FakeServer): void {
  vi.stubGlobal('WebSocket', socket);
  for (const name of ['addEventListener', 'removeEventListener']) vi.stubGlobal(name, () => undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
}

function pageOf(store: MemoryDocuments): Documents {
  return createDocuments({
    store,
    server: 'ws://localhost:1',
    profile: { current: () => ({ id: 'ada', name: 'Ada' }), subscribe: () => () => undefined },
    now: Date.now,
    locks: createMemoryLocks(),
  });
}

async function open(page: Documents): Promise<Room> {
  const room = await page.use('p', PATH).room;
  await vi.waitUntil(() => room.state.connection.kind === 'synced');
  return room;
}

const textOf = (room: Room): Y.Text => room.doc.getText('content');
const write = (room: Room, text: string): void => textOf(room).insert(textOf(room).length, text);
const reopened = (page: Documents): Promise<unknown> =>
  vi.waitUntil(() => page.generation('p', PATH) > 0, { timeout: 5_000 });

async function offeredBy(page: Documents): Promise<string> {
  const offered: string[] = [];
  await page.takeAside('p', async (_path, text) => offered.push(text));
  return offered.join('\n');
}

/** What is stored reads as this: it lacks nothing that it builds on. */
async function stored(store: MemoryDocuments): Promise<string> {
  const doc = new Y.Doc();
  for (const update of (await store.load(`p/${PATH}`)).updates) Y.applyUpdate(doc, update);
  return doc.getText('content').toString();
}

/** Two pages show the text; the document begins anew, and only the first of them has heard of it. */
async function oneHasHeard(lastWords: string) {
  const store = new MemoryDocuments();
  const seed = stateOf('base ');
  const [first, second] = [new FakeServer(seed), new FakeServer(seed)];
  reaching(first);
  const a = pageOf(store);
  const roomA = await open(a);
  reaching(second);
  const b = pageOf(store);
  const roomB = await open(b);
  write(roomB, 'one ');
  await vi.waitUntil(() => textOf(roomA).toString() === 'base one ');
  await vi.waitUntil(() => !roomA.hasUnsaved && !roomB.hasUnsaved);
  await vi.waitUntil(async () => (await store.unsaved(1)).length === 0);
  for (const server of [first, second]) {
    server.reachable = false;
    server.cut();
  }
  if (lastWords !== '') write(roomA, lastWords);
  await vi.waitUntil(() => textOf(roomB).toString() === `base one ${lastWords}`);
  const anew = stateOf('base one ');
  first.replace(anew);
  first.reachable = true;
  roomA.retry();
  await reopened(a);
  await vi.waitUntil(async () => (await stored(store)).includes('one '));
  const hear = async (): Promise<void> => {
    second.replace(anew);
    second.reachable = true;
    roomB.retry();
    await reopened(b);
  };
  return { store, anew, a, b, roomB, hear };
}

for (const lastWords of ['', 'offline ']) {
  const what = lastWords === '' ? 'was removed' : 'was put aside';
  test(`what is typed in one page after it ${what} by another is offered`, async () => {
    const { b, roomB, hear } = await oneHasHeard(lastWords);
    write(roomB, 'two ');
    await hear();
    expect(await offeredBy(b)).toContain(`base one ${lastWords}two `);
  });

  test(`also where that page is closed before it has heard that it ${what}`, async () => {
    const { store, anew, b, roomB } = await oneHasHeard(lastWords);
    await offeredBy(b); // what the other has put aside is taken
    write(roomB, 'two ');
    await vi.waitUntil(async () => (await stored(store)).includes('two '));
    roomB.dispose();
    reaching(new FakeServer(anew));
    const c = pageOf(store);
    await c.use('p', PATH).room;
    await reopened(c);
    expect(await offeredBy(c)).toContain(`base one ${lastWords}two `);
  });
}

test('what was stored by another page while this one put the text aside is offered along', async () => {
  const store = new MemoryDocuments();
  const server = new FakeServer(stateOf('base '));
  reaching(server);
  const a = pageOf(store);
  const room = await open(a);
  server.storesAtOnce = false;
  write(room, 'mine ');
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(room.doc));
  const before = Y.encodeStateVector(other);
  other.getText('content').insert(0, 'of another page ');
  await store.append(`p/${PATH}`, Y.encodeStateAsUpdate(other, before), other.clientID);
  server.close(CloseCode.rotated, 'The document has begun anew');
  await reopened(a);
  expect(await offeredBy(a)).toBe('of another page base mine ');
});

test('a text that cannot be put aside is kept nowhere, says so, and is kept again when there is room', async () => {
  const store = new MemoryDocuments();
  const server = new FakeServer(stateOf('base '));
  reaching(server);
  const page = pageOf(store);
  const room = await open(page);
  server.storesAtOnce = false;
  write(room, 'unsent ');
  await vi.waitUntil(() => room.state.local === 'stored');
  store.isFull = true;
  server.close(CloseCode.rotated, 'The document has begun anew');
  await reopened(page);
  expect(await offeredBy(page)).toBe('base unsent ');
  const held = page.use('p', PATH);
  const again = await held.room;
  await vi.waitUntil(() => again.state.connection.kind === 'synced');
  write(again, 'x');
  await vi.waitUntil(() => again.state.local === 'failed');
  expect(again.localFailure).toMatchObject({ message: 'There is no room' });
  store.isFull = false;
  server.close(CloseCode.rotated, 'The document has begun anew');
  await vi.waitUntil(() => page.generation('p', PATH) > 1);
  const kept = await open(page);
  write(kept, 'kept ');
  await vi.waitUntil(async () => (await stored(store)).includes('kept '));
  expect(kept.localFailure).toBe(null);
});

test('in the background nobody sends what nobody has', async () => {
  const store = new MemoryDocuments();
  await store.append('p/nobody.md', stateOf('of an earlier version'), 7);
  const bob = storeOf(store, 'bob', Date.now);
  await bob.append('p/mine.md', stateOf('x'), null);
  await bob.acknowledge('p/mine.md', {
    vector: Uint8Array.of(0),
    server: { epoch: 7, lsn: 100 },
    authors: [],
  });
  expect(await bob.ownRooms()).toEqual(['p/mine.md']);
  const opened = vi.fn(() => ({ room: Promise.reject(new Error('not here')), release: () => undefined }));
  const own = { ...bob, rooms: () => bob.ownRooms() };
  const resend = createResend({ store: own, use: opened, doubtMs: 1 });
  resend.learned({ epoch: 7, lsn: 50 }, null); // it has lost something
  await vi.waitUntil(() => opened.mock.calls.length > 0);
  await resend.settled();
  expect(opened.mock.calls).toEqual([['p', 'mine.md']]);
});

test('an edit that is made as the last write ends is written, too', async () => {
  reaching(new FakeServer());
  const store = new MemoryDocuments();
  const doc = new Y.Doc();
  let isFirst = true;
  const persistence = await persist({
    doc,
    store,
    room: `p/${PATH}`,
    onState: (state) => {
      if (state !== 'stored' || !isFirst) return;
      isFirst = false;
      queueMicrotask(() => doc.getText('content').insert(0, 'second '));
    },
  });
  doc.getText('content').insert(0, 'first ');
  await vi.waitUntil(async () => (await stored(store)) === 'second first ');
  await persistence.settled();
  expect(persistence.state).toBe('stored');
});
