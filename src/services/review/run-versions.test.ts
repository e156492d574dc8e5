import { expect, test } from 'vitest';
import { runIdSchema } from '../../domain/runs/events.ts';
import type { Locks } from '../../domain/runs/ports.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import type { ReviewClient } from '../../sdk/review.ts';
import { createMemoryLocks } from '../../storage/memory/settings.ts';
import { startRun } from '../runs/start.ts';
import { createWorld, START } from '../testing/trainer-world.ts';
import { createRunVersions } from './run-versions.ts';

const ada = { id: 'ada', name: 'Ada' };
const id = runIdSchema.parse('20260131-093000-k3x9');
const HOUR_MS = 3600 * 1000;

type Sent = { readonly path: string } & Parameters<ReviewClient['createVersion']>[1];

/** A browser whose tabs come and go, and a server that may be away. */
async function browser() {
  const world = createWorld();
  await world.addText();
  const server = { refusal: null as (() => Error) | null, heard: [] as Sent[], asked: 0 };
  const client: Pick<ReviewClient, 'createVersion'> = {
    async createVersion({ path }, wish) {
      server.asked += 1;
      if (server.refusal !== null) throw server.refusal();
      server.heard.push({ path, ...wish });
      return {} as Awaited<ReturnType<ReviewClient['createVersion']>>;
    },
  };
  const locks = createMemoryLocks();
  let late = 0;
  /** A tab of somebody's; its timers go off when `ring` is called. */
  const tab = (self = ada, own: Pick<Locks, 'tryHold'> = locks) => {
    const timers: (() => void)[] = [];
    const deps = world.boot();
    const versions = createRunVersions({
      runs: deps.runs,
      settings: world.settings,
      client,
      self: () => self,
      locks: own,
      now: () => Date.now() + late,
      after: (_ms, work) => void timers.push(work),
    });
    const ring = (): void => timers.splice(0).forEach((work) => void work());
    return { versions, timers, ring, start: () => startRun(deps, { ...START, run: id }) };
  };
  const pass = (ms: number): void => {
    late += ms;
  };
  return { world, server, tab, pass, waiting: () => world.settings.get('versions.waiting') };
}

test('what a run trains is kept at once where the server is there, and nothing is left to send', async () => {
  const { server, tab, waiting } = await browser();
  const { versions, start, timers } = tab();
  await (await versions.with(id, start)).ended;
  await expect.poll(waiting).toEqual([]);
  const version = { kind: 'run', run: id, name: 'tiny 1', text: START.text, as: ada };
  expect(server.heard).toEqual([{ path: START.path, ...version, age: expect.any(Number) }]);
  expect(timers).toEqual([]);
});

test('a run that starts without the server is kept when it is back, by the next page, with what was trained', async () => {
  const { server, tab, pass, waiting } = await browser();
  const first = tab();
  server.refusal = () => protocolErrors.unreachable();
  await (await first.versions.with(id, first.start)).ended;
  await expect.poll(() => first.timers.length).toBe(1);
  expect(await waiting()).toHaveLength(1);
  pass(HOUR_MS);
  const next = tab(); // the page was loaded again
  next.versions.wake();
  await expect.poll(() => next.timers.length).toBe(1);
  server.refusal = null;
  next.ring();
  await expect.poll(waiting).toEqual([]);
  expect(server.heard).toMatchObject([{ run: id, text: START.text, as: ada }]);
  const [sent] = server.heard;
  expect(sent?.kind === 'run' ? sent.age : 0).toBeGreaterThanOrEqual(HOUR_MS);
  next.versions.wake();
  first.ring();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(server.asked).toBe(3); // nobody sends it again
});

test('a page that went after its run was listed, and before it was told, leaves it to the next one', async () => {
  const { server, tab, waiting } = await browser();
  const first = tab();
  await new Promise<void>((listed) => {
    void first.versions.with(id, async () => {
      await first.start();
      listed();
      await new Promise(() => undefined); // the page is gone
    });
  });
  const next = tab();
  next.versions.wake();
  await expect.poll(waiting).toEqual([]);
  expect(server.heard).toHaveLength(1);
});

test('what never started is not kept', async () => {
  const { server, tab, pass, waiting } = await browser();
  const one = tab();
  const failed = one.versions.with(id, () => Promise.reject(new Error('the config has an error')));
  await expect(failed).rejects.toThrow('the config');
  expect(await waiting()).toEqual([]);
  void one.versions.with(id, () => new Promise(() => undefined)); // the page went while it fetched the data
  await expect.poll(waiting).toHaveLength(1);
  const next = tab();
  next.versions.wake();
  await expect.poll(() => next.timers.length).toBe(0);
  expect(await waiting()).toHaveLength(1);
  pass(25 * HOUR_MS);
  next.versions.wake();
  await expect.poll(waiting).toEqual([]);
  expect(server.asked).toBe(0);
});

test('it follows a file that was renamed, and waits for a text that is still on its way', async () => {
  const { server, tab, waiting } = await browser();
  const one = tab();
  const refusals = [
    () => protocolErrors.fileNotFound(),
    () => protocolErrors.fileDeleted({ data: { movedTo: 'moved.yaml' } }),
    null,
  ];
  server.refusal = () => {
    const refusal = refusals.shift() ?? expect.fail('it asked too often');
    server.refusal = refusals[0] === null ? null : server.refusal;
    return refusal();
  };
  await (await one.versions.with(id, one.start)).ended;
  await expect.poll(() => one.timers.length).toBe(1);
  one.ring();
  await expect.poll(waiting).toEqual([]);
  expect(server.heard).toMatchObject([{ path: 'moved.yaml', run: id }]);
});

test('it is sent for whoever started it alone, and by one tab', async () => {
  const { server, tab, waiting } = await browser();
  const one = tab();
  server.refusal = () => protocolErrors.unreachable();
  await (await one.versions.with(id, one.start)).ended;
  await expect.poll(() => one.timers.length).toBe(1);
  server.refusal = null;
  tab({ id: 'bob', name: 'Bob' }).versions.wake();
  const busy = tab(ada, { tryHold: async () => null });
  busy.versions.wake();
  await expect.poll(() => busy.timers.length).toBe(1); // and looks again
  expect(server.heard).toEqual([]);
  const [here, there] = [tab(), tab()];
  here.versions.wake();
  there.versions.wake();
  await expect.poll(waiting).toEqual([]);
  expect(server.heard).toHaveLength(1);
});

test('what an earlier version noted for one session of a guest is sent when he opens his link again', async () => {
  const { server, tab, waiting, world } = await browser();
  const guest = { id: 'link', name: 'Guest' };
  const one = tab(guest);
  server.refusal = () => protocolErrors.unreachable();
  await (await one.versions.with(id, one.start)).ended;
  await expect.poll(() => one.timers.length).toBe(1);
  await world.settings.set('versions.waiting', [
    { run: id, by: { id: 'link.9f86d081884c7d65', name: 'Guest' }, at: Date.now() },
  ]);
  server.refusal = null;
  tab({ id: 'lin', name: 'Another' }).versions.wake();
  tab({ id: 'link2', name: 'Another' }).versions.wake();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(await waiting()).toHaveLength(1);
  tab(guest).versions.wake();
  await expect.poll(waiting).toEqual([]);
  expect(server.heard).toMatchObject([{ run: id }]);
});

test('what the server will not have from this person is not asked for again by itself', async () => {
  const { server, tab, waiting } = await browser();
  const one = tab();
  server.refusal = () => protocolErrors.forbidden();
  await (await one.versions.with(id, one.start)).ended;
  await expect.poll(() => server.asked).toBe(1);
  expect(one.timers).toEqual([]);
  expect(await waiting()).toHaveLength(1);
  server.refusal = () => protocolErrors.tooLarge(); // he is an editor now, and the text is none that may be kept
  one.versions.wake();
  await expect.poll(waiting).toEqual([]);
});
