import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { PostgresStore } from '../store/postgres/postgres-store.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { POSTGRES_MISSING, startPostgres, type TestPostgres } from '../testing/postgres.ts';
import { AuditLog } from './audit-log.ts';
import { type ReadHeads, readHeads } from './heads.ts';
import { headsFileOf, readVerifyingKey } from './key-file.ts';
import { readEntries } from './read-entries.ts';
import { verifyAudit } from './verify.ts';

let postgres: TestPostgres | null = null;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);

const clock = { now: Date.now, elapsed: () => performance.now() };

async function headsOf(keyFile: string): Promise<ReadHeads> {
  return readHeads(await readFile(headsFileOf(keyFile), 'utf8'), await readVerifyingKey(keyFile));
}

test('servers that share a database write one chain, and each signs it', async ({ skip }) => {
  if (postgres === null) return skip(POSTGRES_MISSING);
  const url = await postgres.database();
  const folder = await temporaryFolder();
  const keyFiles = ['one', 'two'].map((name) => join(folder, name, 'key.pem'));
  const logs = await Promise.all(
    keyFiles.map(async (keyFile, i) => {
      const store = await PostgresStore.open({ url, folder: join(folder, `data${i}`), shared: true });
      onTestFinished(() => store.close());
      return AuditLog.open({ store, clock, keyFile, log: (line) => expect.fail(line) });
    }),
  );
  await Promise.all(
    logs.flatMap((log, i) =>
      Array.from({ length: 60 }, (_, n) =>
        log.record({ actor: `user:${i}`, action: 'count', target: `${n}` }),
      ),
    ),
  );
  for (const log of logs) await log.close();
  const verdict = await verifyAudit(readEntries(folder, url), await Promise.all(keyFiles.map(headsOf)));
  expect(verdict).toMatchObject({ entries: 124, signedUpTo: 124, findings: [], notes: [] });
});
