import type { Kysely } from 'kysely';
import {
  type AuditEntry,
  type AuditFacts,
  type ChainEnd,
  EMPTY_CHAIN,
  nextEntry,
} from '../../audit/chain.ts';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

/** `project` says whose workspace it was in, where the caller does not know. */
export type NewAuditEntry = AuditFacts & { readonly project?: string };

async function endOf(db: Db): Promise<ChainEnd> {
  const last = await db
    .selectFrom('audit')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ?? EMPTY_CHAIN;
}

async function workspaceOf(
  db: Db,
  { workspace, project }: NewAuditEntry,
  known: Map<string, string | null>,
): Promise<string | null> {
  if (workspace !== null || project === undefined) return workspace;
  const before = known.get(project);
  if (before !== undefined) return before;
  const found = await db
    .selectFrom('projects')
    .select('workspace')
    .where('id', '=', project)
    .executeTakeFirst();
  known.set(project, found?.workspace ?? null);
  return found?.workspace ?? null;
}

export const auditRequests = {
  /** Adds to the chain, in order. Answers with its new end. */
  async appendAudit(db: Db, entries: readonly NewAuditEntry[]): Promise<ChainEnd> {
    let end = await endOf(db);
    const workspaces = new Map<string, string | null>();
    for (const facts of entries) {
      const entry = nextEntry(end, { ...facts, workspace: await workspaceOf(db, facts, workspaces) });
      await db.insertInto('audit').values(entry).execute();
      end = entry;
    }
    return { seq: end.seq, hash: end.hash };
  },

  async auditEnd(db: Db, _input: null): Promise<ChainEnd> {
    return endOf(db);
  },

  /** In order, whatever the rows say. */
  async auditEntries(
    db: Db,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<AuditEntry[]> {
    return db.selectFrom('audit').selectAll().where('seq', '>', after).orderBy('seq').limit(limit).execute();
  },

  /** The newest of a workspace, newest first. */
  async auditOf(
    db: Db,
    {
      workspace,
      before,
      limit,
    }: { readonly workspace: string; readonly before: number; readonly limit: number },
  ): Promise<AuditEntry[]> {
    return db
      .selectFrom('audit')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute();
  },
};
