import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../protocol/sync.ts';
import type { Documents } from './documents.ts';
import { storeOf } from './own-store.ts';
import { persist } from './persistence.ts';
import { createResend } from './resend.ts';
import type { Room } from './room.ts';
import { FakeServer } from './testing/fake-server.ts';
import { MemoryDocuments } from './testing/memory-store.ts';
import { pageOf, reaching, until } from './testing/page.ts';

// What several pages of one browser keep together, while one of them puts it aside or removes it.

const PATH = 'notes.md';

function stateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

const ofPerson = (person: string) => ({
  owner: { current: () => person, subscribe: () => () => undefined },
});

async function open(page: Documents): Promise<Room> {
  const room = await page.use('p', PATH).room;
  await until(() => room.state.connection.kind === 'synced');
  return room;
}

const textOf = (room: Room): Y.Text => room.doc.getText('content');
const write = (room: Room, text: string): void => textOf(room).insert(textOf(room).length, text);
const reopened = (page: Documents): Promise<unknown> => until(() => page.generation('p', PATH) > 0);

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

/**
 * Two pages show the text and are cut off; the document has begun anew, and the first of them alone reaches the
 * server. It shows the text again at once, as the studio does. `offline` is typed before, in the first page;
 * `meanwhile` in the second one, while the first puts aside or removes what is stored.
 */
async function oneHears(offline: string, meanwhile: string) {
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
  await until(() => textOf(roomA).toString() === 'base one ');
  await until(() => !roomA.hasUnsaved && !roomB.hasUnsaved);
  await until(async () => (await store.unsaved(1)).length === 0);
  for (const server of [first, second]) {
    server.reachable = false;
    server.cut();
  }
  if (offline !== '') write(roomA, offline);
  await until(() => textOf(roomB).toString() === `base one ${offline}`);
  const anew = stateOf('base one ');
  const shown: Promise<Room>[] = [];
  a.onReplaced(() => {
    shown.push(a.use('p', PATH).room);
    if (meanwhile !== '' && shown.length === 1) write(roomB, meanwhile);
  });
  b.onReplaced(() => shown.push(b.use('p', PATH).room));
  for (const server of [first, second]) {
    server.replace(anew);
    server.epoch = 1; // the same log
  }
  first.reachable = true;
  reaching(first);
  roomA.retry();
  await reopened(a);
  await reopened(b);
  second.reachable = true;
  for (const room of shown) (await room).retry();
  const again = await Promise.all([open(a), open(b)]);
  return { store, a, b, again };
}

for (const offline of ['', 'offline ']) {
  const what = offline === '' ? 'is removed' : 'is put aside';
  test(`what ${what} by one page is over in the other, too, and once`, async () => {
    const { store, a, b, again } = await oneHears(offline, '');
    for (const room of again) expect(textOf(room).toString()).toBe('base one ');
    expect(await offeredBy(a)).toBe(offline === '' ? '' : `base one ${offline}`);
    expect(await offeredBy(b)).toBe('');
    write(again[0], 'and on ');
    await until(() => textOf(again[1]).toString() === 'base one and on ');
    await until(async () => (await stored(store)) === 'base one and on ');
    expect([a.generation('p', PATH), b.generation('p', PATH)]).toEqual([1, 1]);
  });

  test(`what is typed in the other page while it ${what} is offered, too`, async () => {
    const { store, a, b, again } = await oneHears(offline, 'two ');
    for (const room of again) expect(textOf(room).toString()).toBe('base one ');
    const offered = [await offeredBy(a), await offeredBy(b)].filter((text) => text !== '').join('\n');
    expect(offered.split('\n').sort()).toEqual(
      offline === '' ? ['base one two '] : [`base one ${offline}`, `base one ${offline}two `],
    );
    await until(async () => (await stored(store)) === 'base one ');
    expect([a.generation('p', PATH), b.generation('p', PATH)]).toEqual([1, 1]);
  });
}

for (const step of ['append', 'setAside', 'remove'] as const)
  test(`what is typed until the text is put aside comes along (${step})`, async () => {
    const store = new MemoryDocuments();
    const server = new FakeServer(stateOf('base '));
    reaching(server);
    const page = pageOf(store);
    const room = await open(page);
    server.storesAtOnce = step === 'remove';
    write(room, 'first ');
    await until(() => room.state.local === 'stored' && room.hasUnsaved === (step !== 'remove'));
    const plain = store[step].bind(store) as (...args: unknown[]) => Promise<never>;
    vi.spyOn(store, step).mockImplementationOnce((...args: unknown[]) => {
      write(room, 'late ');
      return plain(...args);
    });
    server.close(CloseCode.rotated, 'The document has begun anew');
    await reopened(page);
    expect(await offeredBy(page)).toBe('base first late ');
  });

test('of a document that was never on this disk, the text is offered from memory', async () => {
  const store = new MemoryDocuments();
  store.isFull = true;
  const server = new FakeServer(stateOf('base '));
  reaching(server);
  const page = pageOf(store);
  const room = await open(page);
  server.storesAtOnce = false;
  write(room, 'mine ');
  store.setAside = async () => undefined; // of nothing this is no work, also on a full disk
  server.close(CloseCode.rotated, 'The document has begun anew');
  await reopened(page);
  expect(await offeredBy(page)).toBe('base mine ');
});

test('who lets go of what he may not send does so in every page', async () => {
  const store = new MemoryDocuments();
  const server = new FakeServer(stateOf('base '));
  reaching(server);
  const [a, b] = [pageOf(store), pageOf(store)];
  const rooms = [await open(a), await open(b)] as const;
  server.reachable = false;
  server.cut();
  write(rooms[0], 'A ');
  await until(() => textOf(rooms[1]).toString() === 'base A ');
  server.role = 'viewer';
  server.reachable = true;
  for (const room of rooms) room.retry();
  await until(() => rooms.every(({ state }) => state.connection.kind === 'refused'));
  expect(await a.letGo(rooms[0])).toBe('base A ');
  await reopened(b);
  for (const page of [a, b]) expect(textOf(await open(page)).toString()).toBe('base ');
  expect((await store.rooms()).filter((name) => name.includes('~'))).toHaveLength(1);
});

test('two people at one browser share nothing, also where one page has not heard of the other', async () => {
  const store = new MemoryDocuments();
  const offline = new FakeServer();
  offline.reachable = false;
  reaching(offline);
  const ofAda = await pageOf(store, ofPerson('ada')).use('p', PATH).room;
  write(ofAda, 'of Ada ');
  const server = new FakeServer(stateOf('base '));
  reaching(server);
  const ofBob = await open(pageOf(store, ofPerson('bob')));
  const again = await open(pageOf(store, ofPerson('bob'))); // both have greeted whoever is there
  write(again, 'of Bob');
  await until(() => textOf(ofBob).toString() === 'base of Bob');
  expect(textOf(ofAda).toString()).toBe('of Ada ');
});

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
  await until(() => room.state.local === 'stored');
  store.isFull = true;
  server.close(CloseCode.rotated, 'The document has begun anew');
  await reopened(page);
  expect(await offeredBy(page)).toBe('base unsent ');
  const held = page.use('p', PATH);
  const again = await held.room;
  await until(() => again.state.connection.kind === 'synced');
  write(again, 'x');
  await until(() => again.state.local === 'failed');
  expect(again.localFailure).toMatchObject({ message: 'There is no room' });
  store.isFull = false;
  server.close(CloseCode.rotated, 'The document has begun anew');
  await until(() => page.generation('p', PATH) > 1);
  const kept = await open(page);
  write(kept, 'kept ');
  await until(async () => (await stored(store)).includes('kept '));
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
  await until(() => opened.mock.calls.length > 0);
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
  await until(async () => (await stored(store)) === 'second first ');
  await persistence.settled();
  expect(persistence.state).toBe('stored');
});
