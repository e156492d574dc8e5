import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { serverErrors } from '../../errors.ts';
import { temporaryFolder } from '../../testing/fixture.ts';
import { SqliteSession } from './session.ts';

const name = { project: 'p', path: 'notes.md' };
const secret = 'what nobody may find again';

test('what was removed is overwritten, or it is said that it was not', async () => {
  const folder = await temporaryFolder();
  const files = { database: join(folder, 'anneal.db'), watermark: join(folder, 'anneal.watermark') };
  const isFound = () =>
    [files.database, `${files.database}-wal`].some(
      (file) => existsSync(file) && readFileSync(file).includes(secret),
    );
  const session = SqliteSession.open(files);
  await session.run('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const data = new TextEncoder().encode(secret);
  await session.run('write', [[{ kind: 'append', ...name, generation: 1, creates: true, data }]]);
  await session.run('write', [[{ kind: 'purge', ...name }]]);
  const reader = new DatabaseSync(files.database, { readOnly: true });
  reader.exec('begin');
  reader.prepare('select count(*) from projects').get();
  expect(() => session.scrub()).toThrow(expect.objectContaining({ code: serverErrors.storeFailed.code }));
  expect(isFound()).toBe(true);
  reader.exec('commit');
  session.scrub();
  expect(isFound()).toBe(false);
  reader.close();
  await session.close();
});
