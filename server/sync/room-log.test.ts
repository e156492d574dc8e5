import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { noMetrics } from './metrics.ts';
import { RoomLog } from './room-log.ts';

test('a state is not on disk before what is committed beside the rows that it holds', async () => {
  const store = await SqliteStore.open(await temporaryFolder());
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const name = { project: 'p', path: '.project' };
  const settled = Promise.withResolvers<void>();
  let open = 0;
  let isAsked = false;
  const log = new RoomLog({
    name,
    store,
    limits: { logUpdates: 1, logBytes: 1_000_000 },
    metrics: noMetrics,
    seenOfOthers: null,
    encode: () => Uint8Array.of(0, 0),
    onWrite: () => void open++,
    onSettled: () => {
      open -= 1;
      if (isAsked && open === 0) settled.resolve();
    },
    onFailed: settled.reject,
  });
  log.loaded(await store.call('loadDocument', name));
  await log.append([Uint8Array.of(0, 0)]);
  const asked = Promise.withResolvers<void>();
  log.append([Uint8Array.of(0, 0)], {
    write: async (...unit) => {
      await asked.promise;
      return store.write(...unit);
    },
  });
  // Whatever was asked of the store before has been done when this has.
  await store.write({ kind: 'seed', project: 'p', path: 'other.md', data: Uint8Array.of(0, 0) });
  expect((await store.call('loadDocument', name)).snapshot).toBe(null);
  isAsked = true;
  asked.resolve();
  await settled.promise;
  expect((await store.call('loadDocument', name)).snapshot).not.toBe(null);
});

test('a document that grows long before its first row is on disk is compacted once it is there', async () => {
  const store = await SqliteStore.open(await temporaryFolder());
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const name = { project: 'p', path: 'new.md' };
  const doc = new Y.Doc();
  const failures: unknown[] = [];
  let open = 0;
  const settled = Promise.withResolvers<void>();
  const log = new RoomLog({
    name,
    store,
    limits: { logUpdates: 3, logBytes: 1_000_000 },
    metrics: noMetrics,
    seenOfOthers: null,
    encode: () => Y.encodeStateAsUpdate(doc),
    onWrite: () => void open++,
    onSettled: () => {
      open -= 1;
      if (open === 0) settled.resolve();
    },
    onFailed: (error) => {
      failures.push(error);
      settled.resolve();
    },
  });
  log.loaded(await store.call('loadDocument', name));
  doc.on('update', (update: Uint8Array) => void log.append([update]));
  for (let i = 0; i < 10; i++) doc.getText('content').insert(0, `${i}`);
  await settled.promise;
  expect(failures).toEqual([]);
  const { snapshot, updates } = await store.call('loadDocument', name);
  expect(snapshot).not.toBe(null);
  const again = new Y.Doc();
  for (const update of [snapshot, ...updates]) if (update !== null) Y.applyUpdate(again, update);
  expect(again.getText('content').toString()).toBe('9876543210');
});
