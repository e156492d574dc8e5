import { expect, test } from 'vitest';
import { createStorageService } from '../storage.ts';
import { createWorld, START } from '../testing/trainer-world.ts';
import { createRunService } from './runs.ts';
import { startRun } from './start.ts';

test('a deleted run is gone from the list, comes back with undo, and is forgotten when purged', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const service = createRunService(deps);
  const { id } = await (await startRun(deps, START)).ended;
  const listed = await service.list({ project: 'sample' });
  expect(listed).toMatchObject([{ run: { id }, summary: { last: { step: 12 } } }]);

  const { undo } = await service.remove(id);
  expect(await service.list()).toEqual([]);
  await undo();
  expect(await service.list()).toHaveLength(1);
  await service.remove(id);
  expect(await service.purge({ olderThanMs: 60_000 })).toBe(0);
  expect(await service.purge()).toBe(1);
  expect(await service.get(id)).toBeNull();
  expect(await deps.checkpoints.list(id)).toEqual([]);
  expect((await service.metrics(id)).total).toBe(0);
});

test('a run that trains cannot be deleted; others are laid over each other', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const service = createRunService(deps);
  const { run: id, ended } = await startRun(deps, START);
  await expect(service.remove(id)).rejects.toMatchObject({ code: 'ANN-RUN-001' });
  await ended;
  const second = await (await startRun(deps, START)).ended;
  expect(second.name).toBe('tiny 2');
  const series = await service.overlay([id, second.id], { points: 6 });
  expect([...series.keys()]).toEqual([id, second.id]);
  expect(series.get(id)?.steps.length).toBeLessThanOrEqual(6);
  expect((await service.rename(id, '  the first  ')).name).toBe('the first');
});

test('each person at a browser sees his own runs, and those from before anybody signed in', async () => {
  const world = createWorld();
  await world.addText();
  let person: string | null = null;
  let tell: () => void = () => undefined;
  const owner = {
    current: () => person,
    subscribe: (listener: () => void) => {
      tell = listener;
      return () => undefined;
    },
  };
  const deps = { ...world.boot(), owner };
  const service = createRunService(deps);
  const names = async (): Promise<readonly string[]> => (await service.list()).map(({ run }) => run.name);
  const train = async () => (await startRun(deps, START)).ended;
  await train();
  person = 'ada';
  const { id } = await train();
  expect(await names()).toEqual(['tiny 2', 'tiny 1']);
  expect(await service.get(id)).toMatchObject({ id });
  let told = 0;
  service.watchAll(() => {
    told += 1;
  });
  const before = told;
  person = 'bob';
  tell();
  expect(told).toBe(before + 1);
  expect(await names()).toEqual(['tiny 1']);
  expect(await service.get(id)).toBeNull();
  expect((await train()).name).toBe('tiny 2');
  person = null;
  expect(await names()).toEqual(['tiny 1']);
  // What it is for nobody to say: it goes on, and keeps what it needs.
  expect(await deps.runs.list()).toHaveLength(3);
});

test('storage: what runs need stays, what nothing names can be cleaned away', async () => {
  const world = createWorld();
  const text = await world.addText();
  const deps = world.boot();
  await (await startRun(deps, START)).ended;
  const storage = createStorageService({ ...deps, artifacts: deps.store, quota: null });
  const use = await storage.use();
  expect(use).toMatchObject({ used: null, available: null, persistent: true });
  expect(use.artifacts).toBeGreaterThan(text.bytes);
  expect(use.checkpoints).toBeGreaterThan(0);
  const kept = await world.addText('other.txt', 'something else');
  const freed = await storage.removeUnused([]);
  expect(freed).toBeGreaterThanOrEqual(kept.bytes);
  expect(await deps.store.stat(text.sha256)).not.toBeNull();
  expect(await deps.store.stat(kept.sha256)).toBeNull();
});
