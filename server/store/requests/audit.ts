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

/** What became of the wish to add to the chain, and where it ends now. */
export type Appended =
  | { readonly kind: 'added'; readonly end: ChainEnd }
  /** The entry that the caller goes on from is not there any more, or another: nothing was added. */
  | { readonly kind: 'broken'; readonly end: ChainEnd };

async function endOf(db: Db): Promise<ChainEnd> {
  const last = await db
    .selectFrom('audit')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ?? EMPTY_CHAIN;
}

async function isInChain(db: Db, { seq, hash }: ChainEnd, end: ChainEnd): Promise<boolean> {
  if (seq === EMPTY_CHAIN.seq) return true;
  if (seq === end.seq) return hash === end.hash;
  const entry = await db.selectFrom('audit').select('hash').where('seq', '=', seq).executeTakeFirst();
  return entry?.hash === hash;
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
  /**
   * Adds to the chain, in order, as long as it still holds the entry that the caller added last; other servers may
   * have gone on from there.
   */
  async appendAudit(
    db: Db,
    { entries, after }: { readonly entries: readonly NewAuditEntry[]; readonly after: ChainEnd },
  ): Promise<Appended> {
    let end = await endOf(db);
    if (!(await isInChain(db, after, end))) return { kind: 'broken', end };
    const workspaces = new Map<string, string | null>();
    for (const facts of entries) {
      const entry = nextEntry(end, { ...facts, workspace: await workspaceOf(db, facts, workspaces) });
      await db.insertInto('audit').values(entry).execute();
      end = entry;
    }
    return { kind: 'added', end: { seq: end.seq, hash: end.hash } };
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
