import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunId } from '../../domain/runs/events.ts';
import { hasher } from '../hasher.ts';
import { artifactStoreSuite } from '../testing/artifact-stores.ts';
import {
  created,
  locksSuite,
  metricStoreSuite,
  runStoreSuite,
  settingsSuite,
} from '../testing/run-stores.ts';
import { createNodeArtifactStore } from './artifacts.ts';
import { createNodeLocks } from './locks.ts';
import { createNodeMetricStore } from './metrics.ts';
import { createNodeRunStore } from './runs.ts';
import { createNodeSettings, createNodeTimings } from './settings.ts';

const folders: string[] = [];
async function fresh(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-'));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe('runs', () =>
  runStoreSuite(async () => {
    const folder = await fresh();
    return { store: createNodeRunStore(folder), reopen: async () => createNodeRunStore(folder) };
  }));
describe('metrics', () =>
  metricStoreSuite(async () => {
    const folder = await fresh();
    return { store: createNodeMetricStore(folder), reopen: async () => createNodeMetricStore(folder) };
  }));
describe('artifacts', () =>
  artifactStoreSuite(async () => {
    const folder = await fresh();
    return {
      store: createNodeArtifactStore(folder, hasher),
      reopen: async () => createNodeArtifactStore(folder, hasher),
      damage: (sha256) => writeFile(join(folder, sha256), 'hellO'),
    };
  }));
test('what a killed process left is swept', async () => {
  const folder = await fresh();
  const store = createNodeArtifactStore(folder, hasher);
  const dead = execFile(process.execPath, ['--version']);
  await new Promise((resolve) => dead.on('exit', resolve));
  await writeFile(join(folder, `incoming-${dead.pid}-a`), 'half');
  await writeFile(join(folder, `incoming-${process.pid}-b`), 'coming');
  expect(await store.sweep()).toBe(1);
  expect(await readdir(folder)).toEqual([`incoming-${process.pid}-b`]);
});
describe('settings', () =>
  settingsSuite(async () => {
    const settings = createNodeSettings(join(await fresh(), 'deep', 'settings.json'));
    return { settings, timings: createNodeTimings(settings) };
  }));
describe('locks', () => {
  locksSuite(async () => {
    const folder = await fresh();
    return [createNodeLocks(folder), createNodeLocks(folder)];
  });

  test('a process that is killed lets go', async () => {
    const folder = await fresh();
    const script = `import { createNodeLocks } from ${JSON.stringify(new URL('./locks.ts', import.meta.url).href)};
      await createNodeLocks(process.argv[1]).tryHold('x', () => new Promise(() => {
        process.stdout.write('held'); setInterval(() => {}, 1000);
      }));`;
    const child = execFile(process.execPath, ['--input-type=module', '-e', script, folder]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const locks = createNodeLocks(folder);
    expect(await locks.tryHold('x', async () => 1)).toBeNull();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(await locks.tryHold('x', async () => 1)).toEqual({ value: 1 });
  });
});

test('a line that was cut off by a kill is passed over, and the log goes on', async () => {
  const folder = await fresh();
  const run = 'run-a' as RunId;
  await createNodeRunStore(folder).append(run, created, 1);
  const file = join(folder, run, 'events.jsonl');
  await appendFile(file, '{"seq":1,"at":2,"event":{"type":"inter');
  const store = createNodeRunStore(folder);
  expect(await store.get(run)).toMatchObject({ state: 'queued' });
  await store.append(run, { type: 'interrupted' }, 3);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3);
  expect(await createNodeRunStore(folder).get(run)).toMatchObject({ state: 'interrupted' });
});
