import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { run as runKeys } from '../../cli/commands/keys.ts';
import { serverErrors } from '../errors.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type Site, storeAcceptance } from '../store/testing/acceptance.ts';
import { reviewAcceptance } from '../store/testing/review-acceptance.ts';
import type { WriteUnit } from '../store/write.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { type MasterKeys, masterKeysIn } from './master-key.ts';
import { openVault } from './open-vault.ts';
import { sealingKeyOf } from './row-seal.ts';
import { SealedStore } from './sealed-store.ts';

const clock = { now: Date.now, elapsed: () => performance.now() };
const master: MasterKeys = { current: randomBytes(32), previous: null };
const name = { project: 'p', path: 'notes.md' };
const SECRET = 'the weights are in the drawer';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const words = (data: Uint8Array | null | undefined): string => new TextDecoder().decode(data ?? undefined);

// All that any store does, with the vault around it.
const site = async (): Promise<Site> => {
  const folder = await temporaryFolder();
  return { open: async () => SealedStore.open(await SqliteStore.open(folder), clock, master) };
};
storeAcceptance(site);
reviewAcceptance(site);

async function withStore<T>(
  folder: string,
  keys: MasterKeys | null,
  work: (store: Store, vault: SealedStore | null) => Promise<T>,
): Promise<T> {
  const database = await SqliteStore.open(folder);
  try {
    const { store, vault } = await openVault(database, clock, keys);
    return await work(store, vault);
  } finally {
    await database.close();
  }
}

/** A text in each of the places that texts are kept in. */
async function writeEverywhere(store: Store): Promise<void> {
  const seeds = [{ path: 'seeded.md', data: bytes(`seed: ${SECRET}`) }];
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds });
  const { lsn } = await store.write({
    kind: 'append',
    ...name,
    generation: 1,
    creates: true,
    data: bytes(`one: ${SECRET}`),
  });
  await store.call('compact', { ...name, generation: 1, state: bytes(`state: ${SECRET}`), upto: lsn });
  await store.write({ kind: 'append', ...name, generation: 1, creates: true, data: bytes(`two: ${SECRET}`) });
  await store.write({ kind: 'seed', ...name, path: 'later.md', data: bytes(`later: ${SECRET}`) });
  await store.call('saveVersion', { ...name, id: 'v', state: bytes(`version: ${SECRET}`), artifacts: [] });
}

async function readEverywhere(store: Store): Promise<string[]> {
  const loaded = await store.call('loadDocument', name);
  const log = await store.call('logAfter', { after: 0, limit: 10 });
  return [
    words((await store.call('loadDocument', { ...name, path: 'seeded.md' })).snapshot),
    words((await store.call('loadDocument', { ...name, path: 'later.md' })).snapshot),
    words(loaded.snapshot),
    ...loaded.updates.map(words),
    ...log.rows.map(({ data }) => words(data)),
    words(await store.call('loadVersion', { ...name, id: 'v' })),
  ];
}

const everything = ['seed', 'later', 'state', 'two', 'two', 'version'].map((what) => `${what}: ${SECRET}`);

async function isOnDisk(folder: string): Promise<boolean> {
  const files = (await readdir(folder)).filter((file) => file.startsWith('anneal.'));
  const found = await Promise.all(
    files.map(async (file) => (await readFile(join(folder, file))).includes(SECRET)),
  );
  return found.includes(true);
}

/** What somebody does who can write to the database and has no key. */
function inDatabase(folder: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(join(folder, 'anneal.db'));
  for (const statement of statements) database.exec(statement);
  database.close();
}

test('no text is on the disk as it was written, and all of it is there for who has the key', async () => {
  const folder = await temporaryFolder();
  await withStore(folder, master, writeEverywhere);
  expect(await isOnDisk(folder)).toBe(false);
  expect(await withStore(folder, master, readEverywhere)).toEqual(everything);
});

test('without the key, or with another one, the store is not opened', async () => {
  const folder = await temporaryFolder();
  await withStore(folder, master, writeEverywhere);
  const missing = serverErrors.masterKeyMissing.code;
  await expect(withStore(folder, null, readEverywhere)).rejects.toMatchObject({ code: missing });
  const other = { current: randomBytes(32), previous: null };
  const wrong = serverErrors.masterKeyWrong.code;
  await expect(withStore(folder, other, readEverywhere)).rejects.toMatchObject({ code: wrong });
});

test('what was written before there was a key stays readable, and is sealed when the keys are rotated', async () => {
  const folder = await temporaryFolder();
  await withStore(folder, null, writeEverywhere);
  expect(await isOnDisk(folder)).toBe(true);
  expect(await withStore(folder, master, readEverywhere)).toEqual(everything);
  const rotated = await withStore(folder, master, async (_, vault) => vault?.rotate(() => undefined));
  expect(rotated).toMatchObject({ workspaces: 1, rows: 5, unsealed: 5 });
  expect(await isOnDisk(folder)).toBe(false);
  expect(await withStore(folder, master, readEverywhere)).toEqual(everything);
});

test('a rotation takes a new key and a new master key, and the old master key opens nothing any more', async () => {
  const folder = await temporaryFolder();
  await withStore(folder, master, writeEverywhere);
  const next = { current: randomBytes(32), previous: master.current };
  const rotated = await withStore(folder, next, async (store, vault) => {
    const done = await vault?.rotate(() => undefined);
    expect(await readEverywhere(store)).toEqual(everything);
    await store.write({ kind: 'append', ...name, generation: 1, creates: true, data: bytes('after') });
    return done;
  });
  expect(rotated).toEqual({ workspaces: 1, rows: 5, unsealed: 0, keys: 2 });
  const alone = { current: next.current, previous: null };
  expect((await withStore(folder, alone, readEverywhere)).filter((text) => text === 'after')).toHaveLength(2);
  const wrong = serverErrors.masterKeyWrong.code;
  await expect(withStore(folder, master, readEverywhere)).rejects.toMatchObject({ code: wrong });
});

test('rows are not moved between projects or kinds, nor put in unsealed, without its being noticed', async () => {
  const { code } = serverErrors.sealBroken;
  const harm = [
    // A log row in the place of a state, another project's state, a text of one's own, a changed byte.
    'update snapshots set data = (select data from updates limit 1)',
    "update snapshots set data = (select s.data from snapshots s join documents d on d.id = s.document where d.project = 'q')",
    "update snapshots set data = x'0000'",
    "update snapshots set data = cast(substr(data, 1, length(data) - 1) || x'00' as blob)",
  ];
  for (const statement of harm) {
    const folder = await temporaryFolder();
    await withStore(folder, master, async (store) => {
      await writeEverywhere(store);
      const seeds = [{ path: 'a.md', data: bytes('other') }];
      await store.call('createProject', { id: 'q', workspace: 'home', name: 'Q', created: 1, seeds });
    });
    const ofP = "(select id from documents where project = 'p')";
    inDatabase(folder, `${statement} where document in ${ofP}`);
    await expect(withStore(folder, master, readEverywhere), statement).rejects.toMatchObject({ code });
  }
});

test('writes of one turn stay one commit also where their key has to be looked up first', async () => {
  const folder = await temporaryFolder();
  await withStore(folder, master, writeEverywhere);
  await withStore(folder, master, async (store) => {
    const one = { kind: 'append', ...name, generation: 1, creates: true } as const;
    const written = await Promise.all([
      store.write({ ...one, data: bytes('first') }),
      store.write({ ...one, path: 'other.md', data: bytes('second') }),
      store.write({ ...one, data: bytes('third') }),
    ]);
    expect(new Set(written.map(({ lsn }) => lsn)).size).toBe(1); // all of a commit is on disk up to one number
  });
});

test('a server meets the new key of another, and goes on with it', async () => {
  const database = await SqliteStore.open(await temporaryFolder());
  onTestFinished(() => database.close());
  const one = await SealedStore.open(database, clock, master);
  const other = await SealedStore.open(database, clock, master);
  await writeEverywhere(one);
  await other.rotate(() => undefined);
  await one.write({ kind: 'append', ...name, generation: 1, creates: true, data: bytes('with the old key') });
  const both = [`two: ${SECRET}`, 'with the old key'];
  expect((await one.call('loadDocument', name)).updates.map(words)).toEqual(both);
  await one.write({ kind: 'append', ...name, generation: 1, creates: true, data: bytes('with the new key') });
  expect((await other.call('loadDocument', name)).updates.map(words)).toEqual([...both, 'with the new key']);
  const rows = await database.call('sealableRows', { kind: 'log', workspace: 'home', after: '', limit: 9 });
  const [rotated, old, last] = rows.map(({ data }) => sealingKeyOf(data));
  expect([last, old === rotated]).toEqual([rotated, false]);
});

test('each workspace has a key of its own', async () => {
  const folder = await temporaryFolder();
  const database = await SqliteStore.open(folder);
  onTestFinished(() => database.close());
  const store = await SealedStore.open(database, clock, master);
  for (const workspace of ['home', 'away']) {
    await store.call('createProject', { id: `in-${workspace}`, workspace, name: 'P', created: 1, seeds: [] });
    const at = { project: `in-${workspace}`, path: 'a.md' };
    await store.write({ kind: 'append', ...at, generation: 1, creates: true, data: bytes(workspace) });
    expect((await store.call('loadDocument', at)).updates.map(words)).toEqual([workspace]);
  }
  const keys = await database.call('vaultKeys', null);
  expect(keys.map(({ workspace }) => workspace).sort()).toEqual(['away', 'home']);
});

test('the command seals the folder of a server that is stopped, and leaves a line', async () => {
  const folder = await temporaryFolder();
  await withStore(folder, null, writeEverywhere);
  vi.stubEnv('ANNEAL_MASTER_KEY', master.current.toString('hex'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const stdout = new PassThrough();
  expect(await runKeys(['rotate', '--data', folder, '--json'], { stdout, stderr: new PassThrough() })).toBe(
    0,
  );
  stdout.end();
  expect(JSON.parse(await text(stdout))).toMatchObject({ rows: 5, unsealed: 5 });
  expect(await isOnDisk(folder)).toBe(false);
  const actions = await withStore(folder, master, async (store) => {
    expect(await readEverywhere(store)).toEqual(everything);
    return (await store.call('auditEntries', { after: 0, limit: 9 })).map(({ action }) => action);
  });
  expect(actions).toEqual(['keys.rotate', 'keys.rotated']);
});

test.each([
  ['too short', 'abcd'],
  ['no base64 and no hexadecimal', `${'!'.repeat(44)}`],
])('a master key that is %s is refused', (_, value) => {
  const { code } = serverErrors.badOption;
  expect(() => masterKeysIn({ ANNEAL_MASTER_KEY: value })).toThrow(expect.objectContaining({ code }));
  expect(masterKeysIn({})).toBeNull();
  const alone = { ANNEAL_MASTER_KEY_PREVIOUS: master.current.toString('base64') };
  expect(() => masterKeysIn(alone)).toThrow(expect.objectContaining({ code }));
  expect(masterKeysIn({ ANNEAL_MASTER_KEY: alone.ANNEAL_MASTER_KEY_PREVIOUS })).toEqual(master);
});

test('what is written just as the queue has been emptied is written, too', async () => {
  const inner = await SqliteStore.open(await temporaryFolder());
  const store = await SealedStore.open(inner, clock, master);
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const write = (text: string) =>
    store.write({ kind: 'append', ...name, generation: 1, creates: true, data: bytes(text) });
  const second = new Promise((resolve) => {
    vi.spyOn(inner, 'write').mockImplementationOnce((...first: WriteUnit) => {
      queueMicrotask(() => resolve(write('two')));
      return inner.write(...first);
    });
  });
  await write('one');
  await second;
  expect((await store.call('loadDocument', name)).updates.map(words)).toEqual(['one', 'two']);
});
