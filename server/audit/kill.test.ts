import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/fixture.ts';
import { readHeads } from './heads.ts';
import { headsFileOf, readVerifyingKey } from './key-file.ts';
import { readEntries } from './read-entries.ts';
import { verifyAudit } from './verify.ts';

const main = join(import.meta.dirname, '..', 'main.ts');

/**
 * Creates projects until the server is killed: after so long, and when so many were answered. Resolves with the ids
 * of those.
 */
async function untilKilled(
  dataDir: string,
  round: number,
  afterMs: number,
  least: number,
): Promise<string[]> {
  const server = spawn(process.execPath, [main, '--port', '0', '--data', dataDir, '--studio', 'none']);
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
  const url = line.split(' ').pop();
  const answered: string[] = [];
  const killed = once(server, 'exit');
  const enough = Promise.withResolvers<void>();
  if (least === 0) enough.resolve();
  void Promise.all([delay(afterMs), enough.promise]).then(() => server.kill('SIGKILL'));
  const create = async (worker: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const id = `p${round}-${worker}-${n}`;
      const body = JSON.stringify({ name: 'P', id });
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      const { ok } = await fetch(`${url}/api/v1/projects`, init);
      if (ok) answered.push(id);
      if (answered.length >= least) enough.resolve();
    }
  };
  await Promise.allSettled([create(0), create(1), create(2)]);
  await killed;
  return answered;
}

test('a server that is killed at any moment leaves a whole log, with a line for whatever it answered', async () => {
  const dataDir = await temporaryFolder();
  const answered: string[] = [];
  for (const [round, afterMs] of [40, 333, 1_200].entries()) {
    answered.push(...(await untilKilled(dataDir, round, afterMs, round * 3)));
  }
  const keyFile = join(dataDir, 'audit', 'key.pem');
  const heads = readHeads(await readFile(headsFileOf(keyFile), 'utf8'), await readVerifyingKey(keyFile));
  const { findings, entries } = await verifyAudit(readEntries(dataDir, null), [heads]);
  expect(findings).toEqual([]);
  expect(entries).toBeGreaterThan(answered.length);
  const told = new Set<string>();
  for await (const { action, detail } of readEntries(dataDir, null)) {
    if (action === 'createProject') told.add((JSON.parse(detail) as { readonly id: string }).id);
  }
  expect(answered.length).toBeGreaterThan(3);
  for (const id of answered) expect(told).toContain(id);
});
