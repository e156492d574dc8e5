import { Client } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { serverErrors } from '../../errors.ts';
import { temporaryFolder } from '../../testing/fixture.ts';
import { POSTGRES_MISSING, startPostgres, type TestPostgres } from '../../testing/postgres.ts';
import { type Site, storeAcceptance } from '../testing/acceptance.ts';
import { keptAcceptance } from '../testing/kept-acceptance.ts';
import { lendingAcceptance } from '../testing/lending-acceptance.ts';
import { reviewAcceptance } from '../testing/review-acceptance.ts';
import { PostgresStore } from './postgres-store.ts';
import { Lock } from './prepare.ts';

let postgres: TestPostgres | null = null;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);

const site = async ({ skip }: { skip(note: string): never }): Promise<Site> => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const folder = await temporaryFolder();
  return { open: () => PostgresStore.open({ url, folder, shared: false }) };
};
storeAcceptance(site);
reviewAcceptance(site);
keptAcceptance(site);
lendingAcceptance(site);

const name = { project: 'p', path: 'notes.md' };
const data = new Uint8Array([1, 2, 3]);

test('a second server that shares no Redis with the first is kept off', async ({ skip }) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const open = async (shared: boolean) =>
    PostgresStore.open({ url, folder: await temporaryFolder(), shared });
  const alone = await open(false);
  onTestFinished(() => alone.close());
  const code = serverErrors.databaseShared.code;
  await expect(open(false)).rejects.toMatchObject({ code });
  await expect(open(true)).rejects.toMatchObject({ code });
  await alone.close();
  const [one, two] = await Promise.all([open(true), open(true)]);
  onTestFinished(() => one.close());
  onTestFinished(() => two.close());
  expect(one.epoch).toBe(two.epoch);
});

test('two servers write at once: numbers grow in the order of commits, and nothing is lost', async ({
  skip,
}) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const open = async () => PostgresStore.open({ url, folder: await temporaryFolder(), shared: true });
  const stores = await Promise.all([open(), open()]);
  for (const store of stores) onTestFinished(() => store.close());
  await stores[0]?.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  let seen = 0;
  let rows = 0;
  const watch = async (): Promise<void> => {
    // Rows that a reader has passed by never get a row in front of them later.
    const loaded = await stores[1]?.call('loadDocument', { ...name, after: seen });
    rows += loaded?.updates.length ?? 0;
    seen = loaded?.seq ?? seen;
  };
  const each = 100;
  await Promise.all(
    stores.map(async (store) => {
      for (let i = 0; i < each; i++) {
        await Promise.all([
          store.write({ kind: 'append', ...name, generation: 1, creates: true, data }),
          watch(),
        ]);
      }
    }),
  );
  await watch();
  const all = await stores[0]?.call('loadDocument', name);
  expect(all?.updates.length).toBe(2 * each);
  expect(rows).toBeGreaterThanOrEqual(2 * each);
});

test('what waits for its turn while a document begins anew is not written into the new one', async ({
  skip,
}) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const store = await PostgresStore.open({ url, folder: await temporaryFolder(), shared: true });
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const life = { ...name, generation: 1 };
  await store.write({ kind: 'append', ...life, creates: true, data });
  const other = new Client({ connectionString: url });
  await other.connect();
  onTestFinished(() => other.end());
  for (const change of ['update documents set generation = 2', "update documents set path = 'moved.md'"]) {
    await other.query('update documents set generation = 1');
    await other.query('begin');
    await other.query('select pg_advisory_xact_lock($1)', [Lock.log]);
    const late = store.write({ kind: 'append', ...life, creates: false, data });
    const refused = expect(late).rejects.toMatchObject({ code: serverErrors.documentReplaced.code });
    const waiting = async (): Promise<number> =>
      (await other.query("select 1 from pg_locks where locktype = 'advisory' and not granted")).rows.length;
    await expect.poll(waiting).toBe(1); // it has begun, and sees the database as it was then
    await other.query(change);
    await other.query('commit');
    await refused;
  }
  expect((await store.call('loadDocument', { ...name, path: 'moved.md' })).updates).toHaveLength(1);
});

test('when PostgreSQL crashes what was acknowledged is there, and the store goes on when it is back', async ({
  skip,
}) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const store = await PostgresStore.open({ url, folder: await temporaryFolder(), shared: false });
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const { lsn } = await store.write({ kind: 'append', ...name, generation: 1, creates: true, data });
  await postgres.crash();
  const again = async (): Promise<number> =>
    (await store.write({ kind: 'append', ...name, generation: 1, creates: true, data })).lsn;
  // The first one may still meet the dead connection.
  const next = await again().catch(again);
  expect(next).toBeGreaterThan(lsn);
  expect((await store.call('loadDocument', name)).updates.length).toBeGreaterThanOrEqual(2);
}, 240_000); // starting again syncs what is on the disk, which others keep busy

test('an older state that is put into the same database makes a new epoch', async ({ skip }) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const folder = await temporaryFolder();
  const store = await PostgresStore.open({ url, folder, shared: false });
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  await store.write({ kind: 'append', ...name, generation: 1, creates: true, data });
  await store.close();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('truncate updates restart identity');
  await client.end();
  const after = await PostgresStore.open({ url, folder, shared: false });
  onTestFinished(() => after.close());
  expect(after.epoch).not.toBe(store.epoch);
});

test('an epoch that is over does not come back with an older state, whichever server starts on it', async ({
  skip,
}) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const folders = await Promise.all([temporaryFolder(), temporaryFolder()]);
  const epochIn = async (folder = ''): Promise<number> => {
    const store = await PostgresStore.open({ url, folder, shared: true });
    await store.close();
    return store.epoch;
  };
  const client = new Client({ connectionString: url });
  const putBack = async (settings: readonly { key: string; value: string }[]): Promise<void> => {
    await client.query('delete from settings');
    for (const { key, value } of settings)
      await client.query('insert into settings values ($1, $2)', [key, value]);
  };
  const first = await epochIn(folders[0]);
  expect(await epochIn(folders[1])).toBe(first);
  await client.connect();
  onTestFinished(() => client.end());
  const { rows: dump } = await client.query<{ key: string; value: string }>(
    'select key, value from settings',
  );
  await client.query("delete from settings where key = 'epoch'"); // as operations.md says
  const second = await epochIn(folders[0]);
  expect(second).not.toBe(first);
  expect(await epochIn(folders[1])).toBe(second); // its mark is of the epoch before: that is no fault
  expect(await epochIn(await temporaryFolder())).toBe(second);
  await putBack(dump);
  const third = await epochIn(folders[1]);
  expect([first, second]).not.toContain(third);
  expect(await epochIn(folders[0])).toBe(third);
  // The folder of another database's server is no reason to begin anew.
  const elsewhere = await temporaryFolder();
  const other = await PostgresStore.open({
    url: await postgres.database(),
    folder: elsewhere,
    shared: false,
  });
  await other.close();
  expect(await epochIn(elsewhere)).toBe(third);
});

test('when another server has begun a new epoch, nothing is promised in the old one any more', async ({
  skip,
}) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const open = async () => PostgresStore.open({ url, folder: await temporaryFolder(), shared: true });
  const store = await open();
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  await store.write({ kind: 'append', ...name, generation: 1, creates: true, data });
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("delete from settings where key = 'epoch'");
  await client.end();
  const after = await open();
  onTestFinished(() => after.close());
  expect(after.epoch).not.toBe(store.epoch);
  const { code } = serverErrors.databaseReplaced;
  await expect(
    store.write({ kind: 'append', ...name, generation: 1, creates: true, data }),
  ).rejects.toMatchObject({ code });
  await expect(
    store.write({ kind: 'append', ...name, generation: 1, creates: true, data }),
  ).rejects.toMatchObject({ code });
  await expect(store.call('ping', null)).rejects.toMatchObject({ code });
  await after.write({ kind: 'append', ...name, generation: 1, creates: true, data });
});

test('an address where nothing answers is told with what to do', async () => {
  const folder = await temporaryFolder();
  await expect(
    PostgresStore.open({ url: 'postgres://nobody@127.0.0.1:1/none', folder, shared: false }),
  ).rejects.toMatchObject({ code: serverErrors.databaseUnreachable.code });
});
