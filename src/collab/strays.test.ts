import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../protocol/sync.ts';
import type { Documents } from './documents.ts';
import { FakeServer } from './testing/fake-server.ts';
import { MemoryDocuments } from './testing/memory-store.ts';
import { pageOf, reaching, until } from './testing/page.ts';

// What a tab wrote that was closed before it heard that another one had put the text aside.

const ROOM = 'p/notes.md';

function stateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

async function offeredBy(page: Documents): Promise<readonly string[]> {
  const offered: string[] = [];
  await page.takeAside('p', async (_path, text) => offered.push(text));
  return offered;
}

async function shownBy(page: Documents): Promise<string> {
  const room = await page.use('p', 'notes.md').room;
  await until(() => room.state.connection.kind === 'synced');
  return page.textOf(room);
}

/** Writes into the text as a tab does that shows it: `write` stores what was changed and nothing else. */
function closingTab(store: MemoryDocuments, seen: Uint8Array) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, seen);
  return async (change: (text: Y.Text) => void): Promise<void> => {
    const before = Y.encodeStateVector(doc);
    change(doc.getText('content'));
    await store.append(ROOM, Y.encodeStateAsUpdate(doc, before), doc.clientID);
  };
}

/** A page puts 'base mine ' aside and hears of 'base ' begun anew; the other tab's `write` comes after that. */
async function putAside(isAgainOpen: boolean) {
  const store = new MemoryDocuments();
  const server = new FakeServer(stateOf('base '));
  reaching(server);
  const page = pageOf(store);
  const room = await page.use('p', 'notes.md').room;
  await until(() => room.state.connection.kind === 'synced');
  server.storesAtOnce = false;
  room.doc.getText('content').insert(5, 'mine ');
  await until(() => room.state.local === 'stored');
  const write = closingTab(store, Y.encodeStateAsUpdate(room.doc));
  server.close(CloseCode.rotated, 'The document has begun anew');
  await until(() => page.generation('p', 'notes.md') > 0);
  server.storesAtOnce = true;
  server.replace(stateOf('anew '));
  server.epoch = 1; // the same log
  if (isAgainOpen) {
    expect(await shownBy(page)).toBe('anew ');
    await until(async () => (await store.load(ROOM)).updates.length > 0);
  }
  return { store, server, page, write };
}

for (const isAgainOpen of [true, false])
  for (const isTaken of [true, false]) {
    const when = `${isTaken ? 'taken' : 'not taken'} yet, the new one ${isAgainOpen ? 'is' : 'is not'} stored here`;
    test(`the last letters of a closed tab are offered with the text they belong to (${when})`, async () => {
      const { store, page, write } = await putAside(isAgainOpen);
      if (isTaken) expect(await offeredBy(page)).toEqual(['base mine ']);
      await write((text) => text.insert(text.length, 'last '));
      await write((text) => text.delete(0, 1));
      const next = pageOf(store);
      expect(await offeredBy(next)).toEqual(['ase mine last ']);
      expect(await offeredBy(pageOf(store))).toEqual([]);
      expect(await shownBy(next)).toBe('anew ');
      const rest = new Y.Doc();
      for (const update of (await store.load(ROOM)).updates) Y.applyUpdate(rest, update);
      expect([rest.store.pendingStructs, rest.store.pendingDs]).toEqual([null, null]);
    });
  }

test('what another tab is about to put aside itself is left to it by a page that is open already', async () => {
  const { page, write } = await putAside(true);
  expect(await offeredBy(page)).toEqual(['base mine ']);
  await write((text) => text.insert(0, 'last '));
  expect(await offeredBy(page)).toEqual([]);
});

test('what lacks something that nobody here has put aside stays: the server may have it', async () => {
  const { store, page } = await putAside(true);
  expect(await offeredBy(page)).toEqual(['base mine ']);
  await closingTab(store, stateOf('elsewhere '))((text) => text.insert(3, 'last '));
  const before = await store.load(ROOM);
  expect(await offeredBy(pageOf(store))).toEqual([]);
  expect(await store.load(ROOM)).toEqual(before);
});

test('where it cannot be stored it stays, and what else was put aside is offered', async () => {
  const { store, write } = await putAside(true);
  await write((text) => text.insert(0, 'last '));
  const before = await store.load(ROOM);
  vi.spyOn(store, 'append').mockRejectedValueOnce(new Error('There is no room'));
  expect(await offeredBy(pageOf(store))).toEqual(['base mine ']);
  expect(await store.load(ROOM)).toEqual(before);
  expect(await offeredBy(pageOf(store))).toEqual(['last base mine ']);
});

test("what is nobody's is left to whoever opens it", async () => {
  const store = new MemoryDocuments();
  const kept = stateOf('nobody ');
  await store.append(`${ROOM}~2026-01-02T03:04:05.678Z`, kept, null);
  await closingTab(store, kept)((text) => text.insert(text.length, 'last '));
  reaching(new FakeServer());
  const owner = { current: () => 'bob', subscribe: () => () => undefined };
  expect(await offeredBy(pageOf(store, { owner }))).toEqual([]);
  expect((await store.load(ROOM)).updates).toHaveLength(1);
});

test('they are found also where so much has been written in the new text that opening it folds it', async () => {
  const { store, server, write } = await putAside(true);
  await write((text) => text.insert(0, 'last '));
  const writeAnew = closingTab(store, Y.encodeStateAsUpdate(server.doc));
  for (let i = 0; i < 100; i++) await writeAnew((text) => text.insert(text.length, 'x'));
  const next = pageOf(store);
  await shownBy(next); // the editor asks for what was put aside once the text is there
  expect(await offeredBy(next)).toEqual(['last base mine ']);
  const rows = (await store.load(ROOM)).updates.length;
  expect(rows).toBeGreaterThan(1);
  await shownBy(pageOf(store));
  await until(async () => (await store.load(ROOM)).updates.length < rows);
});
