import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../testing/fixture.ts';
import { SqliteStore } from './sqlite-store.ts';

const { started, broken } = vi.hoisted(() => ({
  started: [] as { readonly script: string; readonly worker: Worker }[],
  /** Scripts of which none can open the database. */
  broken: new Set<string>(),
}));

vi.mock('node:worker_threads', async (original) => {
  const actual = await original<typeof import('node:worker_threads')>();
  class Watched extends actual.Worker {
    constructor(file: URL, options: WorkerOptions) {
      const script = basename(file.pathname);
      const files = options.workerData as object;
      super(file, broken.has(script) ? { ...options, workerData: { ...files, database: '/' } } : options);
      started.push({ script, worker: this });
    }
  }
  return { ...actual, Worker: Watched };
});

afterEach(() => {
  started.length = 0;
  broken.clear();
});

const name = { project: 'p', path: 'notes.md' };
const seeds = [{ path: name.path, data: Uint8Array.of(0, 0) }];
const project = (id: string) => ({ id, workspace: 'home', name: id, created: 1, seeds });
const readers = () => started.filter(({ script }) => script === 'reader.worker.ts');

let begun = 0;
/** What makes the store start its other threads. */
const work = (store: SqliteStore) =>
  Promise.all([
    ...Array.from({ length: 260 }, (_, i) => store.call('createProject', project(`p-${begun++}-${i}`))),
    store.call('loadDocument', name),
  ]);

test('a thread that reads and dies is missed by nobody, and another takes its place', async () => {
  const store = await SqliteStore.open(await temporaryFolder());
  await store.call('createProject', project('p'));
  await work(store);
  const [reader] = readers();
  if (reader === undefined) throw new Error('none was started');
  let said = 0;
  reader.worker.on('message', () => said++);
  while (said < 2) await store.call('loadDocument', name); // that it is there, and an answer
  await reader.worker.terminate();
  expect(await store.call('loadDocument', name)).toMatchObject({ snapshot: Uint8Array.of(0, 0) });
  await work(store);
  expect(readers()).toHaveLength(2);
  await store.close();
});

test.each(['reader.worker.ts', 'checkpoint.worker.ts'])(
  'a folder is given back also where %s could not open it',
  async (script) => {
    broken.add(script);
    const folder = await temporaryFolder();
    const store = await SqliteStore.open(folder);
    await store.call('createProject', project('p'));
    const working = work(store);
    await store.close();
    await working;
    expect(started.map((thread) => thread.script)).toContain(script);
    expect(await readdir(folder)).toEqual(['anneal.db', 'anneal.db.lock', 'anneal.watermark']);
    broken.clear();
    await (await SqliteStore.open(folder)).close();
  },
);
