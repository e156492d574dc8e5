import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ChainEnd, EMPTY_CHAIN } from './chain.ts';
import { SignedHeads } from './signed-heads.ts';

/**
 * Says beside the key that an older state of the log was put back on purpose: without it the entries since then
 * are missed, and rightly so. False where there is no key yet, and nothing that could miss them.
 * Errors: auditKeyUnusable.
 */
export async function signRestore(folder: string, keyFile: string, at: number): Promise<boolean> {
  if (!existsSync(keyFile)) return false;
  const heads = await SignedHeads.open(keyFile);
  try {
    await heads.sign(endOf(join(folder, 'anneal.db')), at, 'restored');
    return true;
  } finally {
    await heads.close();
  }
}

function endOf(file: string): ChainEnd {
  const database = new DatabaseSync(file);
  try {
    const table = database.prepare("select name from sqlite_schema where name = 'audit'").get();
    const last =
      table === undefined
        ? undefined
        : database.prepare('select seq, hash from audit order by seq desc limit 1').get();
    return last === undefined ? EMPTY_CHAIN : { seq: Number(last.seq), hash: String(last.hash) };
  } finally {
    database.close();
  }
}
