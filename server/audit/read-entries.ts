import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ControlClient } from '../control/control-client.ts';
import { serverErrors } from '../errors.ts';
import { connect } from '../store/postgres/connection.ts';
import type { AuditEntry } from './chain.ts';

const AT_ONCE = 1_000;
/** Before any number that a row can have, so that one that does not belong there is seen. */
const BEFORE_ALL = -Number.MAX_SAFE_INTEGER;
const COLUMNS = 'seq, at, workspace, actor, name, action, target, outcome, detail, previous, hash';

/**
 * All entries in order, of a server that runs (it is asked) or of the database itself, which is left as it is.
 * Errors: dataUnusable where there is none, controlFailed, databaseUnreachable.
 */
export async function* readEntries(folder: string, databaseUrl: string | null): AsyncGenerator<AuditEntry> {
  if (databaseUrl !== null) yield* fromPostgres(databaseUrl);
  else {
    const server = await ControlClient.connect(folder);
    if (server !== null) yield* fromServer(server);
    else yield* fromSqlite(join(folder, 'anneal.db'));
  }
}

async function* fromServer(server: ControlClient): AsyncGenerator<AuditEntry> {
  try {
    yield* inPages(async (after) => {
      return (await server.call({ command: 'audit', after, limit: AT_ONCE })) as readonly AuditEntry[];
    });
  } finally {
    server.close();
  }
}

async function* fromSqlite(file: string): AsyncGenerator<AuditEntry> {
  if (!existsSync(file)) throw serverErrors.dataUnusable({ where: file, message: 'There is no database' });
  const database = new DatabaseSync(file, { timeout: 500 });
  try {
    const select = database.prepare(
      `select ${COLUMNS} from audit where seq > ? order by seq limit ${AT_ONCE}`,
    );
    yield* inPages(async (after) => select.all(after) as unknown as readonly AuditEntry[]);
  } finally {
    database.close();
  }
}

async function* fromPostgres(url: string): AsyncGenerator<AuditEntry> {
  const client = await connect(url);
  try {
    yield* inPages(async (after) => {
      const select = `select ${COLUMNS} from audit where seq > $1 order by seq limit ${AT_ONCE}`;
      return (await client.query<AuditEntry>(select, [after])).rows;
    });
  } finally {
    await client.end();
  }
}

async function* inPages(page: (after: number) => Promise<readonly AuditEntry[]>): AsyncGenerator<AuditEntry> {
  for (let after = BEFORE_ALL; ; ) {
    const entries = await page(after);
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}
