import { expect, onTestFinished, test, vi } from 'vitest';
import { protocolErrors } from '../../protocol/errors.ts';
import { hasher } from '../../storage/hasher.ts';
import { createMemoryArtifactStore } from '../../storage/memory/artifacts.ts';
import { createMemoryProjectFiles } from '../../storage/memory/project-files.ts';
import { createMemoryLocks, createMemorySettings } from '../../storage/memory/settings.ts';
import { once } from '../data/artifacts.ts';
import { type FakeRemote, fakeRemote } from '../testing/fake-remote.ts';
import { type ArtifactSync, createArtifactSync, FETCH_UNASKED_BYTES } from './sync.ts';
import { createTransfers } from './transfers.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A browser: its stores outlive its tabs. */
function browser(remote: FakeRemote, files = createMemoryProjectFiles()) {
  const store = createMemoryArtifactStore(hasher);
  const settings = createMemorySettings();
  const locks = createMemoryLocks();
  const timers = new Set<{ readonly ms: number; readonly work: () => void }>();
  const open = (): ArtifactSync => {
    const sync = createArtifactSync({
      person: null,
      isHis: async () => true,
      store,
      remote,
      transfers: createTransfers(store, remote),
      files: async () => files,
      settings,
      locks,
      after: (ms, work) => {
        const timer = { ms, work };
        timers.add(timer);
        return () => timers.delete(timer);
      },
      random: () => 0.5,
    });
    onTestFinished(() => sync.close());
    return sync;
  };
  /** What waits, happens. */
  const pass = (): void => {
    for (const timer of [...timers]) {
      timers.delete(timer);
      timer.work();
    }
  };
  return { store, settings, locks, files, timers, open, pass };
}

const state = (sync: ArtifactSync, sha256: string) => sync.state().artifacts.get(sha256);
const both = { here: true, server: true, problem: null };

test('what one browser has, the other gets, and each knows what is where', async () => {
  const remote = fakeRemote();
  const ada = browser(remote);
  const kept = await ada.store.put(once(bytes('a text')));
  ada.files.set('a.txt', kept);
  const adas = ada.open();
  adas.follow('p');
  await expect.poll(() => state(adas, kept.sha256)).toMatchObject(both);
  const bob = browser(remote, ada.files);
  const bobs = bob.open();
  const seen: unknown[] = [];
  bobs.subscribe(() => seen.push(state(bobs, kept.sha256)?.moving));
  bobs.follow('p');
  await expect.poll(() => state(bobs, kept.sha256)).toMatchObject({ ...both, moving: null });
  expect(seen).toContainEqual({ way: 'down', done: 6, total: 6 });
  expect(await bob.store.stat(kept.sha256)).toEqual(kept);
  // What comes later too.
  const more = await ada.store.put(once(bytes('another')));
  ada.files.set('b.txt', more);
  await expect.poll(() => state(adas, more.sha256)).toMatchObject(both);
  bob.pass(); // bob may have asked before ada had sent it
  await expect.poll(() => state(bobs, more.sha256)).toMatchObject(both);
  expect([remote.uploads, remote.downloads]).toEqual([2, 2]);
});

test('added without network, and after a reload in another project, it is sent when the server is back', async () => {
  const remote = fakeRemote();
  remote.online = false;
  const ada = browser(remote);
  const kept = await ada.store.put(once(bytes('offline')));
  ada.files.set('a.txt', kept);
  const first = ada.open();
  first.follow('p');
  await expect.poll(() => first.state().online).toBe(false);
  expect(state(first, kept.sha256)).toMatchObject({ here: true, server: null, problem: null });
  await expect.poll(() => ada.settings.get('artifacts.unsent')).toEqual([`p ${kept.sha256}`]);
  first.close();
  // A reload: nobody opens the project again.
  const second = ada.open();
  await expect.poll(() => second.state().online).toBe(false);
  expect([...ada.timers].map(({ ms }) => ms)).toEqual([1000]);
  remote.online = true;
  ada.pass();
  await expect.poll(() => state(second, kept.sha256)).toMatchObject(both);
  await expect.poll(() => ada.settings.get('artifacts.unsent')).toEqual([]);
  expect(remote.uploads).toBe(1);
});

test('waits longer each time while the server is away, and tries at once when the network is back', async () => {
  const remote = fakeRemote();
  remote.online = false;
  const ada = browser(remote);
  ada.files.set('a.txt', await ada.store.put(once(bytes('x'))));
  const sync = ada.open();
  sync.follow('p');
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    await expect.poll(() => [...ada.timers].length).toBe(1);
    waits.push(...[...ada.timers].map(({ ms }) => ms));
    ada.pass();
  }
  expect(waits).toEqual([1000, 2000, 5000, 15_000, 60_000, 60_000]);
  await expect.poll(() => sync.state().online).toBe(false);
  remote.online = true;
  sync.wake();
  await expect.poll(() => remote.uploads).toBe(1);
});

test('a server with too much to do is waited for as long as it says, and then it goes on by itself', async () => {
  const remote = fakeRemote();
  const { upload } = remote;
  const retryAfterSeconds = 20;
  const refusals = [protocolErrors.tooManyRequests({ data: { retryAfterSeconds } })];
  remote.upload = async (...what) => {
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    await upload(...what);
  };
  const ada = browser(remote);
  const kept = await ada.store.put(once(bytes('later')));
  ada.files.set('a.txt', kept);
  const sync = ada.open();
  sync.follow('p');
  await expect.poll(() => [...ada.timers].map(({ ms }) => ms)).toEqual([20_000]);
  expect(state(sync, kept.sha256)).toMatchObject({ server: false, problem: null });
  const asked = vi.spyOn(remote, 'has');
  const more = await ada.store.put(once(bytes('more')));
  for (const name of ['b.txt', 'c.txt']) ada.files.set(name, more); // no reason to ask earlier
  await expect.poll(() => state(sync, more.sha256)).toMatchObject({ here: true });
  expect([...ada.timers].map(({ ms }) => ms)).toEqual([20_000]);
  expect(asked).not.toHaveBeenCalled();
  ada.pass();
  await expect.poll(() => state(sync, kept.sha256)).toMatchObject(both);
});

test('no room is said, the others go on, and it is tried again when asked for', async () => {
  const remote = fakeRemote();
  remote.room = 3;
  const ada = browser(remote);
  const large = await ada.store.put(once(bytes('large')));
  const small = await ada.store.put(once(bytes('sm')));
  ada.files.set('large', large);
  ada.files.set('small', small);
  const sync = ada.open();
  sync.follow('p');
  await expect.poll(() => state(sync, small.sha256)).toMatchObject(both);
  expect(state(sync, large.sha256)).toMatchObject({ server: false, problem: { code: 'ANN-PRO-045' } });
  remote.room = 100;
  sync.request(large.sha256);
  await expect.poll(() => state(sync, large.sha256)).toMatchObject(both);
});

test('what is very large is fetched only when somebody asks', async () => {
  const remote = fakeRemote();
  const ada = browser(remote);
  const there = await createMemoryArtifactStore(hasher).put(once(bytes('say it is large')));
  await remote.upload(there, new Blob(['say it is large']));
  ada.files.set('large', { ...there, bytes: FETCH_UNASKED_BYTES + 1 });
  const sync = ada.open();
  sync.follow('p');
  await expect.poll(() => state(sync, there.sha256)).toMatchObject({ here: false, server: true });
  expect(remote.downloads).toBe(0);
  sync.request(there.sha256);
  await expect.poll(() => state(sync, there.sha256)).toMatchObject(both);
});

test('two tabs send once', async () => {
  const remote = fakeRemote();
  const ada = browser(remote);
  const kept = await ada.store.put(once(bytes('one of them')));
  ada.files.set('a.txt', kept);
  const tabs = [ada.open(), ada.open()];
  for (const tab of tabs) tab.follow('p');
  await expect
    .poll(() => {
      ada.pass();
      return tabs.map((tab) => state(tab, kept.sha256)?.server);
    })
    .toEqual([true, true]);
  expect(remote.uploads).toBe(1);
});

test('what a project was to have that is gone, or what is gone here, is not asked for again for ever', async () => {
  const remote = fakeRemote();
  remote.gone.add('gone');
  const ada = browser(remote);
  const kept = await ada.store.put(once(bytes('of a project')));
  const removed = await ada.store.put(once(bytes('removed')));
  await ada.store.remove(removed.sha256);
  await ada.settings.set('artifacts.unsent', [
    `gone ${kept.sha256}`,
    `p ${removed.sha256}`,
    `p ${kept.sha256}`,
  ]);
  const first = ada.open();
  await expect.poll(() => ada.settings.get('artifacts.unsent')).toEqual([]);
  expect(state(first, kept.sha256)).toMatchObject(both); // it was for a project that is there, too
  expect(remote.uploads).toBe(2);
});
