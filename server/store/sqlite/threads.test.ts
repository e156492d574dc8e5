import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../testing/fixture.ts';
import type { Seed } from '../write.ts';
import { SqliteStore } from './sqlite-store.ts';
import { StoreThread } from './store-thread.ts';

const name = { project: 'p', path: 'notes.md' };
const life = { ...name, generation: 1, creates: true };
const project = (id: string, seeds: readonly Seed[] = []) => ({
  id,
  workspace: 'home',
  name: id,
  created: 1,
  seeds,
});
/** With something to look for: of a name that is new the store knows without looking that it has nothing. */
const withNotes = project('p', [{ path: name.path, data: Uint8Array.of(0, 0) }]);

/** What the threads are asked, and which of them. */
function asked() {
  const spy = vi.spyOn(StoreThread.prototype, 'post');
  onTestFinished(() => spy.mockRestore());
  return spy;
}

/** More than it takes before the log is moved for the first time. */
const createMany = (store: SqliteStore) =>
  Promise.all(Array.from({ length: 300 }, (_, i) => store.call('createProject', project(`many-${i}`))));

test('who opens a document waits for no commit that is under way', { timeout: 30_000 }, async () => {
  const store = await SqliteStore.open(await temporaryFolder());
  await store.call('createProject', withNotes);
  // Until the thread that reads is there, all is done in order.
  for (let round = 0, overtook = false; !overtook; round++) {
    let written = 0;
    const writing = Array.from({ length: 20 }, async (_, i) => {
      await store.call('createProject', project(`p-${round}-${i}`));
      written++;
    });
    await store.call('loadDocument', name);
    overtook = written < writing.length;
    await Promise.all(writing);
  }
  await store.close();
});

test('the write-ahead log stays short, however much is written without a pause', {
  timeout: 60_000,
}, async () => {
  const folder = await temporaryFolder();
  const store = await SqliteStore.open(folder);
  await store.call('createProject', project('p'));
  const log = join(folder, 'anneal.db-wal');
  let longest = 0;
  for (let i = 0; i < 120; i++) {
    await store.write({ kind: 'append', ...life, data: new Uint8Array(1_000_000).fill(i) });
    longest = Math.max(longest, (await stat(log)).size);
  }
  expect(longest).toBeLessThan(40_000_000);
  await store.close();
  expect(await readdir(folder)).toEqual(['anneal.db', 'anneal.db.lock', 'anneal.watermark']);
});

test('what was written is moved into the database before a commit would have to do it', async () => {
  const folder = await temporaryFolder();
  const store = await SqliteStore.open(folder);
  const size = async (file: string) => (await stat(join(folder, file))).size;
  const before = await size('anneal.db');
  await createMany(store);
  await expect.poll(() => size('anneal.db'), { timeout: 20_000 }).toBeGreaterThan(before);
  expect(await size('anneal.db-wal')).toBeLessThan(8_000 * 4096);
  await store.close();
});

test('after a pause the write-ahead log begins anew', async () => {
  const folder = await temporaryFolder();
  const store = await SqliteStore.open(folder);
  const posts = asked();
  const checkpoints = () =>
    posts.mock.calls.flatMap(([name], i) => (name === 'checkpoint' ? [posts.mock.results[i]?.value] : []));
  /** How often the log has begun anew. */
  const beginnings = async () => (await readFile(join(folder, 'anneal.db-wal'))).readUInt32BE(12);
  await createMany(store);
  await Promise.allSettled(checkpoints());
  await store.call('createProject', project('before'));
  const done = checkpoints().length; // at once: who reads a file first may find the pause over
  const begun = await beginnings();
  await expect.poll(() => checkpoints().length, { timeout: 20_000 }).toBeGreaterThan(done);
  await Promise.allSettled(checkpoints());
  await store.call('createProject', project('after'));
  expect(await beginnings()).toBeGreaterThan(begun);
  await store.close();
});

test('while the files are written anew nobody else looks at them', async () => {
  const store = await SqliteStore.open(await temporaryFolder());
  const posts = asked();
  await store.call('createProject', withNotes);
  for (let i = 0; new Set(posts.mock.contexts).size === 1; i++) {
    await Promise.all([store.call('createProject', project(`p-${i}`)), store.call('loadDocument', name)]);
  }
  const before = posts.mock.contexts.length;
  const scrubbed = store.scrub();
  const created = createMany(store);
  const found = store.call('loadDocument', name);
  expect(new Set(posts.mock.contexts.slice(before)).size).toBe(1);
  await Promise.all([scrubbed, created, found]);
  await store.call('loadDocument', name);
  expect(posts.mock.contexts.at(-1)).not.toBe(posts.mock.contexts[before]);
  await store.close();
});
