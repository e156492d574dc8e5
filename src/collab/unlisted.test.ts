import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { PROJECT_DOCUMENT } from '../protocol/sync.ts';
import type { Documents } from './documents.ts';
import { FakeServer } from './testing/fake-server.ts';
import { MemoryDocuments } from './testing/memory-store.ts';
import { pageOf, reaching, until } from './testing/page.ts';

// What was listed while a device was away, in a list of files that has begun anew meanwhile.

const artifact = (mark: string, created: number) => ({
  kind: 'artifact',
  sha256: mark.repeat(64),
  bytes: 3,
  created,
});

function listOf(entries: Readonly<Record<string, unknown>>): Uint8Array {
  const doc = new Y.Doc();
  for (const [path, entry] of Object.entries(entries)) doc.getMap('files').set(path, entry);
  return Y.encodeStateAsUpdate(doc);
}

const synced = async (page: Documents) => {
  const { room } = page.project('p');
  await until(async () => (await room).state.connection.kind === 'synced');
  return room;
};
const listed = (server: FakeServer): Readonly<Record<string, unknown>> => server.doc.getMap('files').toJSON();
const isListed = (server: FakeServer): boolean => 'back.bin' in listed(server) && 'new.bin' in listed(server);

/** What is listed with this at 10 o'clock and away, in a page whose server has begun the list anew, is over here. */
async function listAway(
  store: MemoryDocuments,
  server: FakeServer,
  anew: Readonly<Record<string, unknown>>,
  before?: () => void,
) {
  reaching(server);
  const page = pageOf(store, { now: () => 10 });
  const room = await synced(page);
  const files = await page.files('p');
  files.set('sent.bin', { sha256: 'a'.repeat(64), bytes: 3 }); // which somebody has purged since
  await until(() => !room.hasUnsaved);
  server.reachable = false;
  server.cut();
  for (const path of ['new.bin', 'again.bin', 'theirs.bin', 'back.bin', 'deleted.bin', 'gone.bin'])
    files.set(path, { sha256: 'a'.repeat(64), bytes: 3 });
  files.remove('gone.bin');
  await until(() => room.state.local === 'stored');
  before?.();
  server.replace(listOf(anew));
  server.epoch = 1; // the same log
  server.reachable = true;
  room.retry();
  await until(() => page.generation('p', PROJECT_DOCUMENT) > 0);
  return page;
}

const BEFORE = { 'again.bin': artifact('b', 1), 'back.bin': { ...artifact('b', 1), deleted: 2 } };
const OVER = { ...BEFORE, 'purged.bin': artifact('b', 1) };
const SINCE = {
  ...BEFORE,
  'theirs.bin': artifact('c', 20),
  'deleted.bin': { ...artifact('c', 1), deleted: 20 },
};
const ALL = {
  ...SINCE,
  'new.bin': artifact('a', 10),
  'again.bin': artifact('a', 10),
  'back.bin': artifact('a', 10),
};

test('it is listed in the new one, unless somebody was later', async () => {
  const server = new FakeServer(listOf(OVER));
  const page = await listAway(new MemoryDocuments(), server, SINCE);
  await synced(page);
  await until(() => isListed(server));
  expect(listed(server)).toEqual(ALL);
});

test('so it is by another page, where the first is closed; as a text it is offered to nobody', async () => {
  const store = new MemoryDocuments();
  const server = new FakeServer(listOf(OVER));
  await listAway(store, server, SINCE);
  const [next, last] = [pageOf(store), pageOf(store)];
  const take = vi.fn();
  await next.takeAside('p', take);
  expect(take).not.toHaveBeenCalled();
  await synced(next);
  await until(() => isListed(server));
  expect(listed(server)).toEqual(ALL);
  // Once: what is deleted later stays deleted.
  (await next.files('p')).remove('new.bin');
  const before = await until(async () => (await store.rooms()).every((name) => !name.includes('~unread~')));
  expect(before).toBe(true);
  await synced(last);
  expect(listed(server)).toMatchObject({ 'new.bin': { deleted: expect.any(Number) } });
});

test('so it is where this machine has no room for it', async () => {
  const store = new MemoryDocuments();
  const server = new FakeServer(listOf(OVER));
  const page = await listAway(store, server, SINCE, () => {
    store.isFull = true;
  });
  await synced(page);
  await until(() => isListed(server));
  expect(listed(server)).toEqual(ALL);
});

test('who may not change the list keeps it until he may', async () => {
  const store = new MemoryDocuments();
  const server = new FakeServer(listOf(OVER));
  await listAway(store, server, SINCE);
  server.role = 'viewer';
  await synced(pageOf(store));
  const names = await store.rooms();
  expect(names.filter((name) => name.includes('~unread~'))).toHaveLength(1);
  expect(listed(server)).toEqual(SINCE);
  server.role = 'editor';
  await synced(pageOf(store));
  await until(() => isListed(server));
  expect(listed(server)).toEqual(ALL);
});
