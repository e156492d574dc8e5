import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/fixture.ts';
import { SqliteStore } from './sqlite-store.ts';

const name = { project: 'p', path: 'notes.md' };
const life = { ...name, generation: 1, creates: true };
const project = (id: string) => ({ id, workspace: 'home', name: id, created: 1, seeds: [] });

test('who opens a document waits for no commit that is under way', { timeout: 30_000 }, async () => {
  const store = await SqliteStore.open(await temporaryFolder());
  await store.call('createProject', project('p'));
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
