import { expect, onTestFinished, test } from 'vitest';
import { hasher } from '../../storage/hasher.ts';
import { createMemoryArtifactStore } from '../../storage/memory/artifacts.ts';
import { createMemoryProjectFiles } from '../../storage/memory/project-files.ts';
import { createMemoryLocks, createMemorySettings } from '../../storage/memory/settings.ts';
import { once } from '../data/artifacts.ts';
import { fakeRemote } from '../testing/fake-remote.ts';
import { syncByPerson } from './by-person.ts';
import { createArtifactSync } from './sync.ts';
import { createTransfers } from './transfers.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** One browser at which people come and go, all in one tab. */
function world(first: string | null) {
  const remote = fakeRemote();
  const store = createMemoryArtifactStore(hasher);
  const settings = createMemorySettings();
  const files = createMemoryProjectFiles();
  /** Who has asked the server for something; who is signed in there may be known here only later. */
  const server = { person: first, sent: [] as (string | null)[] };
  const upload: typeof remote.upload = async (artifact, source, options) => {
    server.sent.push(server.person);
    await remote.upload(artifact, source, options);
  };
  let known = first;
  const listeners = new Set<() => void>();
  const say = (person: string | null): void => {
    known = person;
    for (const listener of listeners) listener();
  };
  const theirs = { ...remote, upload };
  const sync = syncByPerson(
    {
      current: () => known,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      confirm: async () => say(server.person),
    },
    (person, isHis) =>
      createArtifactSync({
        person,
        isHis,
        store,
        remote: theirs,
        transfers: createTransfers(store, theirs),
        files: async () => files,
        settings,
        locks: createMemoryLocks(),
        after: () => () => undefined,
        random: () => 0.5,
      }),
  );
  onTestFinished(() => sync.close());
  const come = (person: string | null): void => {
    server.person = person;
    say(person);
  };
  const listOf = async (person: string) => await settings.get(`artifacts.unsent@${person}`);
  return { remote, store, settings, files, server, sync, come, listOf };
}

test('what Ada could not send is neither sent nor struck while Bob is there, and goes when she is back', async () => {
  const { remote, store, files, server, sync, come, listOf } = world('ada');
  remote.online = false;
  const kept = await store.put(once(bytes('of Ada')));
  files.set('a.txt', kept);
  const end = sync.follow('p');
  await expect.poll(() => listOf('ada')).toEqual([`p ${kept.sha256}`]);
  end();
  come('bob');
  remote.online = true;
  remote.gone.add('p'); // Bob is no member
  files.remove('a.txt');
  sync.wake();
  sync.follow('p'); // and yet opens the address
  const his = await store.put(once(bytes('of Bob')));
  files.set('b.txt', his);
  await expect.poll(() => server.sent).toEqual(['bob']);
  await expect.poll(() => listOf('bob')).toEqual([]);
  expect(await listOf('ada')).toEqual([`p ${kept.sha256}`]);
  expect(sync.state().artifacts.has(kept.sha256)).toBe(false);
  remote.gone.clear();
  files.remove('b.txt');
  come('ada');
  await expect.poll(() => listOf('ada')).toEqual([]);
  expect(server.sent).toEqual(['bob', 'ada']);
  expect(await remote.has(kept.sha256)).toBe(true);
});

test('a refusal that was for whoever has signed in elsewhere strikes nothing', async () => {
  const { remote, store, settings, server, sync, come, listOf } = world(null);
  const kept = await store.put(once(bytes('of Ada')));
  await settings.set('artifacts.unsent@ada', [`p ${kept.sha256}`]);
  remote.gone.add('p');
  server.person = 'bob'; // in another tab
  const heard: number[] = [];
  sync.subscribe(() => heard.push(sync.state().artifacts.size));
  come('ada');
  server.person = 'bob';
  await expect.poll(() => server.sent).toEqual(['bob']);
  await expect.poll(() => heard.at(-1)).toBe(0); // Bob's page, as it turned out
  expect(await listOf('ada')).toEqual([`p ${kept.sha256}`]);
});

test('an upload that is under way ends with whoever began it', async () => {
  const { remote, store, files, sync, come, listOf } = world('ada');
  const kept = await store.put(once(bytes('of Ada')));
  files.set('a.txt', kept);
  let ended = false;
  remote.has = async () => false;
  const begun = new Promise<void>((resolve) => {
    remote.upload = (_artifact, _source, { signal } = {}) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          ended = true;
          reject(new Error('stopped'));
        });
        resolve();
      });
  });
  const end = sync.follow('p');
  await begun;
  end();
  files.remove('a.txt');
  come('bob');
  expect(ended).toBe(true);
  await expect.poll(() => listOf('ada')).toEqual([`p ${kept.sha256}`]);
});

test('what is shown goes on to be followed for whoever comes, with what nobody had', async () => {
  const { store, settings, server, sync, come, files } = world(null);
  const [left, added] = [await store.put(once(bytes('left'))), await store.put(once(bytes('added')))];
  const end = sync.follow('p');
  come('ada');
  await settings.set('artifacts.unsent', [`p ${left.sha256}`]);
  end();
  sync.follow('p');
  files.set('added', added);
  await expect.poll(() => server.sent).toEqual(['ada', 'ada']);
  await expect.poll(() => settings.get('artifacts.unsent')).toEqual([]);
  come('bob');
  await expect.poll(() => sync.state().artifacts.get(added.sha256)?.server).toBe(true);
});
