import { afterAll, describe, expect, test } from 'vitest';
import type { RunId } from '../../domain/runs/events.ts';
import { hasher } from '../hasher.ts';
import { createOpfsArtifactStore } from '../opfs/artifacts.ts';
import { artifactStoreSuite } from '../testing/artifact-stores.ts';
import {
  created,
  locksSuite,
  metricStoreSuite,
  recordingStoreSuite,
  runStoreSuite,
  settingsSuite,
  sharedSettingsSuite,
} from '../testing/run-stores.ts';
import { createWebLocks } from '../web-locks.ts';
import { type Database, openDatabase } from './database.ts';
import { createDexieMetricStore } from './metrics.ts';
import { createDexieRecordingStore } from './recordings.ts';
import { createDexieRunStore } from './runs.ts';
import { createDexieSettings, createDexieTimings } from './settings.ts';

const open: Database[] = [];
function database(name: string = crypto.randomUUID()): Database {
  const opened = openDatabase(name);
  open.push(opened);
  return opened;
}
afterAll(() => Promise.all(open.map(({ dexie }) => dexie.delete())));

describe('runs', () =>
  runStoreSuite(async () => {
    const db = database();
    return {
      store: createDexieRunStore(db),
      reopen: async () => createDexieRunStore(database(db.dexie.name)),
    };
  }));
describe('metrics', () =>
  metricStoreSuite(async () => {
    const db = database();
    return {
      store: createDexieMetricStore(db),
      reopen: async () => createDexieMetricStore(database(db.dexie.name)),
    };
  }));
describe('recordings', () =>
  recordingStoreSuite(async () => {
    const db = database();
    return {
      store: createDexieRecordingStore(db),
      reopen: async () => createDexieRecordingStore(database(db.dexie.name)),
    };
  }));
describe('settings', () =>
  settingsSuite(async () => {
    const db = database();
    return { settings: createDexieSettings(db), timings: createDexieTimings(db) };
  }));
describe('shared settings', () =>
  sharedSettingsSuite(async () => {
    const db = database();
    return [createDexieSettings(db), createDexieSettings(database(db.dexie.name))];
  }));
describe('locks', () =>
  locksSuite(async () => [createWebLocks(navigator.locks), createWebLocks(navigator.locks)]));
describe('artifacts in OPFS', () =>
  artifactStoreSuite(async () => {
    const folder = `test-${crypto.randomUUID()}`;
    const root = () => navigator.storage.getDirectory();
    return {
      store: createOpfsArtifactStore(root, hasher, createWebLocks(navigator.locks), folder),
      reopen: async () => createOpfsArtifactStore(root, hasher, createWebLocks(navigator.locks), folder),
      damage: async (sha256) => {
        const file = await (await (await root()).getDirectoryHandle(folder)).getFileHandle(sha256);
        const writable = await file.createWritable();
        await writable.write('hellO');
        await writable.close();
      },
    };
  }));

test('what a killed tab left in OPFS is swept, and what a worker writes at the moment is not', async () => {
  const folder = `test-${crypto.randomUUID()}`;
  const root = () => navigator.storage.getDirectory();
  const store = createOpfsArtifactStore(root, hasher, createWebLocks(navigator.locks), folder);
  const directory = await (await root()).getDirectoryHandle(folder, { create: true });
  await directory.getFileHandle('incoming-dead', { create: true });
  await directory.getFileHandle('incoming-alive', { create: true });
  await navigator.locks.request('artifacts/incoming-alive', async () => {
    expect(await store.sweep()).toBe(1);
  });
  const names: string[] = [];
  for await (const name of directory.keys()) names.push(name);
  expect(names).toEqual(['incoming-alive']);
  expect(await store.sweep()).toBe(1);
});

test('one connection is told of what another wrote', async () => {
  const one = database();
  const other = createDexieRunStore(database(one.dexie.name));
  const run = 'run-a' as RunId;
  const seen = new Promise<void>((resolve) => {
    const end = other.watch(async () => {
      if ((await other.get(run)) === null) return;
      end();
      resolve();
    });
  });
  await createDexieRunStore(one).append(run, created, 1);
  await seen;
  expect(await other.events(run)).toHaveLength(1);
});
