import { join } from 'node:path';
import { Kysely } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../testing/fixture.ts';
import type { Tables } from '../schema.ts';
import type { WriteUnit } from '../write.ts';
import { openDatabase } from './database.ts';
import { nodeSqliteDialect } from './dialect.ts';
import { SqliteLog } from './log.ts';

const append = (path: string, data: Uint8Array | null): WriteUnit => [
  { kind: 'append', project: 'p', path, generation: 1, creates: true, data: data as Uint8Array },
];

async function open() {
  const database = openDatabase(join(await temporaryFolder(), 'anneal.db'));
  onTestFinished(() => database.close());
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  await db
    .insertInto('projects')
    .values({ id: 'p', workspace: 'home', name: 'P', created: 1, deleted: null })
    .execute();
  const rows = () => Number(database.prepare('select count(*) as count from updates').get()?.count);
  return { database, log: new SqliteLog(database, db), rows };
}

const SQLITE_FULL = 13;
const small = new Uint8Array(10);
const large = new Uint8Array(1_000_000);

test.each([
  ['a large one', [append('a.md', small), append('b.md', large), append('c.md', small)]],
  ['one beside one that can never be made', [append('a.md', null), append('b.md', large)]],
])(
  'where the disk is full nothing of a commit is made (%s), and later there is room again',
  async (_, units) => {
    const { database, log, rows } = await open();
    const { lsn } = await log.write([append('a.md', small)]);
    const { page_count: pages } = database.prepare('pragma page_count').get() ?? {};
    database.exec(`pragma max_page_count = ${Number(pages) + 10}`);
    await expect(log.write(units)).rejects.toMatchObject({ errcode: SQLITE_FULL });
    expect([rows(), log.lsn, database.isTransaction]).toEqual([1, lsn, false]);
    database.exec('pragma max_page_count = 100000');
    const { lsn: next, failed } = await log.write(units);
    expect(next).toBeGreaterThan(lsn);
    expect(rows()).toBe(1 + units.length - failed.length);
  },
);
