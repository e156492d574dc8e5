import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { temporaryFolder } from '../../testing/fixture.ts';
import { KnownNames } from './known-names.ts';
import { SqliteStore } from './sqlite-store.ts';
import { StoreThread } from './store-thread.ts';

const data = Uint8Array.of(0, 0);
const document = (path: string) => ({ project: 'p', path });
const seeded = (...paths: readonly string[]) => ({
  id: 'p',
  workspace: 'home',
  name: 'p',
  created: 1,
  seeds: paths.map((path) => ({ path, data })),
});

test('a new name is not looked for, and a stored one is, however it came to be', async () => {
  const folder = await temporaryFolder();
  let store = await SqliteStore.open(folder);
  const posts = vi.spyOn(StoreThread.prototype, 'post');
  onTestFinished(() => posts.mockRestore());
  /** Whether it is there, and whether a thread was asked. */
  const load = async (path: string) => {
    const before = posts.mock.calls.length;
    const { generation } = await store.call('loadDocument', document(path));
    return [generation !== null, posts.mock.calls.length > before];
  };
  expect(await load('seeded')).toEqual([false, false]);
  await store.call('createProject', seeded('seeded'));
  await store.write({ kind: 'append', ...document('appended'), generation: 1, creates: true, data });
  await store.write({ kind: 'seed', ...document('made'), data });
  await store.write({ kind: 'rename', ...document('made'), to: 'renamed' });
  const all = async () => {
    for (const path of ['seeded', 'appended', 'renamed']) expect(await load(path)).toEqual([true, true]);
    expect(await load('new')).toEqual([false, false]);
    expect(await store.call('loadDocument', { ...document('new'), after: 7 })).toMatchObject({ seq: 7 });
  };
  await all();
  await store.close();
  store = await SqliteStore.open(folder);
  await all();
  expect(await load('made')).toEqual([false, false]); // of an earlier name nothing is left
  await store.close();
});

test('no name is ever missed, and few are suspected, whatever they look like', () => {
  const seed = Date.now() % 2 ** 31;
  const random = new Random(seed);
  const letters = ['a', 'b', '/', '.', '-', '\n', 'é', '中', '😀', ' '];
  const name = () => ({
    project: `${random.below(50)}`,
    path: Array.from({ length: 1 + random.below(24) }, () => letters[random.below(letters.length)]).join(''),
  });
  const names = new KnownNames();
  const keyOf = (one: { project: string; path: string }) => `${one.project}\n${one.path}`;
  const known = Array.from({ length: 10_000 }, name);
  for (const one of known) names.add(one);
  const other = new KnownNames(names.shared); // as another thread has it
  for (const one of known) expect(other.mayHave(one), `seed ${seed}: ${JSON.stringify(one)}`).toBe(true);
  const keys = new Set(known.map(keyOf));
  const strangers = Array.from({ length: 10_000 }, name).filter((one) => !keys.has(keyOf(one)));
  const suspected = strangers.filter((one) => other.mayHave(one)).length;
  expect(suspected / strangers.length, `seed ${seed}`).toBeLessThan(0.01);
});

test('with too many documents every name is looked for', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('create table documents (id integer primary key, project text, path text)');
  database.exec(`insert into documents (project, path)
    with recursive n(i) as (select 1 union all select i + 1 from n where i <= 500000) select 'p', i from n`);
  expect(KnownNames.of(database).mayHave(document('none'))).toBe(true);
  database.close();
});
