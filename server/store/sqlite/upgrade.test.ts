import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { temporaryFolder } from '../../testing/fixture.ts';
import { migrations } from '../migrations/migrations.ts';
import { SqliteStore } from './sqlite-store.ts';

/**
 * A database as the first format had it, written by that version of the server: a project "letters" with a text
 * of 5 lines that is all log, one of 50 that is part snapshot and part log, and a deleted project.
 */
const VERSION_1 = new URL('../../../fixtures/store-version-1.db.gz', import.meta.url);

test('a database of the first format is brought up to date with everything in it', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'anneal.db'), gunzipSync(await readFile(VERSION_1)));
  const store = await SqliteStore.open(folder);
  onTestFinished(() => store.close());
  expect(store.epoch).toBeGreaterThan(0);

  const text = async (path: string): Promise<string> => {
    const { snapshot, updates } = await store.call('loadDocument', { project: 'letters', path });
    const doc = new Y.Doc();
    if (snapshot !== null) Y.applyUpdate(doc, snapshot);
    for (const update of updates) Y.applyUpdate(doc, update);
    return doc.getText('content').toString();
  };
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');
  expect(await text('anneal.yaml')).toBe('project: letters\n');
  expect(await text('short.md')).toBe(lines(5));
  expect(await text('long.md')).toBe(lines(50));
  expect(await store.call('getProject', 'letters')).toMatchObject({
    name: 'Letters',
    workspace: 'home',
    deleted: null,
  });
  expect((await store.call('getProject', 'gone'))?.deleted).toBeGreaterThan(0);

  // The log goes on behind the highest number that it ever gave out.
  const name = { project: 'letters', path: 'short.md' };
  const before = await store.call('loadDocument', { project: 'letters', path: 'long.md' });
  const { lsn } = await store.write({
    kind: 'append',
    ...name,
    generation: (await store.call('loadDocument', name)).generation ?? 0,
    creates: false,
    data: Y.encodeStateAsUpdate(new Y.Doc()),
  });
  expect(lsn).toBeGreaterThan(before.seq);
  expect(await text('short.md')).toBe(lines(5));
});

test('a database of a later format is left alone', async () => {
  const folder = await temporaryFolder();
  const later = new DatabaseSync(join(folder, 'anneal.db'));
  later.exec(`pragma user_version = ${migrations.length + 1}`);
  later.close();
  await expect(SqliteStore.open(folder)).rejects.toMatchObject({ code: 'ANN-SRV-006' });
});
