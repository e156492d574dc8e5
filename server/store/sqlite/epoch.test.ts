import { chmod, copyFile, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/fixture.ts';
import { asUntouched, longAgo } from '../testing/marks.ts';
import { SqliteStore } from './sqlite-store.ts';

const name = { project: 'p', path: 'notes.md' };
const data = new Uint8Array(300).fill(7);

async function opened<T>(folder: string, work: (store: SqliteStore) => Promise<T>): Promise<T> {
  const store = await SqliteStore.open(folder);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const epochOf = (folder: string): Promise<number> => opened(folder, async (store) => store.epoch);

/** A folder with some rows in its log, closed. */
async function written(): Promise<{ readonly folder: string; readonly epoch: number }> {
  const folder = await temporaryFolder();
  const epoch = await opened(folder, async (store) => {
    await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
    for (let i = 0; i < 20; i++)
      await store.write({ kind: 'append', ...name, generation: 1, creates: true, data });
    return store.epoch;
  });
  return { folder, epoch };
}

const database = (folder: string): string => join(folder, 'anneal.db');
const watermark = (folder: string): string => join(folder, 'anneal.watermark');

test('an untouched folder goes on in its epoch, and so does one whose mark is older than its log', async () => {
  const { folder, epoch } = await written();
  expect(await epochOf(folder)).toBe(epoch);
  const before = await readFile(watermark(folder));
  await opened(folder, (store) =>
    store.write({ kind: 'append', ...name, generation: 1, creates: true, data }),
  );
  await writeFile(watermark(folder), asUntouched(before)); // the power failed before the mark was on disk
  expect(await epochOf(folder)).toBe(epoch);
});

test('an older state that is put back with its mark is noticed, however much others have written by then', async () => {
  const { folder, epoch } = await written();
  const files = [database(folder), watermark(folder)];
  const before = await Promise.all(files.map((file) => readFile(file)));
  await opened(folder, (store) =>
    store.write({ kind: 'append', ...name, generation: 1, creates: true, data }),
  );
  // Into the very files, each with the time of change that it had.
  for (const [index, file] of files.entries()) {
    const bytes = before[index] ?? Buffer.alloc(0);
    await writeFile(file, file === watermark(folder) ? longAgo(bytes) : bytes);
    await utimes(file, new Date(0), new Date(0));
  }
  const next = await opened(folder, async (store) => {
    for (let i = 0; i < 9; i++)
      await store.write({ kind: 'append', ...name, generation: 1, creates: true, data });
    return store.epoch;
  });
  expect(next).not.toBe(epoch);
  expect(await epochOf(folder)).toBe(next);
});

test('who may use the folder, and under which name, is no concern of the log', async () => {
  const { folder, epoch } = await written();
  const elsewhere = join(await temporaryFolder(), 'moved');
  await rename(folder, elsewhere);
  await chmod(elsewhere, 0o700);
  expect(await epochOf(elsewhere)).toBe(epoch);
});

test('an older state of the database is noticed: put back over the file, or beside it and moved there', async () => {
  for (const put of [copyFile, rename]) {
    const { folder, epoch } = await written();
    const backup = join(folder, 'backup.db');
    await copyFile(database(folder), backup);
    await opened(folder, (store) =>
      store.write({ kind: 'append', ...name, generation: 1, creates: true, data }),
    );
    await put(backup, database(folder));
    expect(await epochOf(folder)).not.toBe(epoch);
  }
});

test('a whole folder that is put back from a copy begins a new epoch', async () => {
  const { folder, epoch } = await written();
  const copy = await temporaryFolder();
  await copyFile(database(folder), database(copy));
  await copyFile(watermark(folder), watermark(copy));
  const restored = await epochOf(copy);
  expect(restored).not.toBe(epoch);
  expect(await epochOf(copy)).toBe(restored); // and stays in it
});

test('a mark that is missing, cut, torn or of something else begins a new epoch', async () => {
  const spoil: ((path: string) => Promise<void>)[] = [
    (path) => rm(path),
    (path) => truncate(path, 13),
    async (path) => {
      const record = await readFile(path);
      record.writeUInt8((record[9] ?? 0) ^ 1, 9);
      await writeFile(path, record);
    },
    (path) => writeFile(path, 'something else, and longer than a mark is'),
    (path) => writeFile(path, ''),
  ];
  for (const [index, change] of spoil.entries()) {
    const { folder, epoch } = await written();
    await change(watermark(folder));
    const next = await epochOf(folder);
    expect(next, `spoiled in way ${index}`).not.toBe(epoch);
    expect(await epochOf(folder)).toBe(next);
  }
});

test('a database that lost the end of its log to a cut write-ahead log begins a new epoch', async () => {
  const { folder, epoch } = await written();
  const copy = await temporaryFolder();
  const store = await SqliteStore.open(folder);
  const { lsn } = await store.write({ kind: 'append', ...name, generation: 1, creates: true, data });
  // As after a crash: the log has not been moved into the database yet.
  const wal = `${database(folder)}-wal`;
  expect((await stat(wal)).size).toBeGreaterThan(0);
  await copyFile(wal, `${database(copy)}-wal`);
  await copyFile(watermark(folder), watermark(copy));
  await copyFile(database(folder), database(copy));
  await store.close();
  // The same files in the place that the mark speaks of, but for the end of the write-ahead log.
  await rename(`${database(copy)}-wal`, wal);
  await writeFile(database(folder), await readFile(database(copy)));
  await writeFile(watermark(folder), asUntouched(await readFile(watermark(copy))));
  await truncate(wal, 32 + 24 + 2000);
  expect(await epochOf(folder)).not.toBe(epoch);
  expect(lsn).toBeGreaterThan(20);
});

test('a folder whose database is gone begins anew in another epoch', async () => {
  const { folder, epoch } = await written();
  await rm(database(folder));
  expect(await epochOf(folder)).not.toBe(epoch);
});

test('an epoch that was taken out of the database, as a restore does, is not used again', async () => {
  const { folder, epoch } = await written();
  const direct = new DatabaseSync(database(folder));
  direct.exec("delete from settings where key = 'epoch'");
  direct.close();
  expect(await epochOf(folder)).not.toBe(epoch);
});
