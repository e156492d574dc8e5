import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';
import { type DocumentLife, isUnchanged } from './documents.ts';

type Db = Kysely<Tables>;

/** A statement has room for so many, and no more. */
const ROWS_AT_ONCE = 500;

/** What those have named who came by links (lending.ts), how much it is, and what of it is over. */
export const claimRequests = {
  async countClaims(
    db: Db,
    { project, share }: { readonly project: string; readonly share: string },
  ): Promise<number> {
    const row = await db
      .selectFrom('project_artifacts')
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .where('project', '=', project)
      .where('claimed_by', '=', share)
      .where('lent', '=', 0)
      .executeTakeFirst();
    return Number(row?.count ?? 0);
  },

  /** Projects of a workspace in which something is claimed. */
  async projectsWithClaims(db: Db, workspace: string): Promise<string[]> {
    const rows = await db
      .selectFrom('project_artifacts')
      .innerJoin('projects', 'projects.id', 'project_artifacts.project')
      .select('project')
      .distinct()
      .where('projects.workspace', '=', workspace)
      .where('lent', '=', 0)
      .execute();
    return rows.map(({ project }) => project);
  },

  /**
   * Takes the claims away of what is not `named` in the project's list, as it was up to `seq`. False, and nothing
   * done, where something was written in it since: a claim comes in one commit with what names it.
   */
  async letGoOfClaims(
    db: Db,
    wish: DocumentLife & { readonly seq: number; readonly named: readonly string[] },
  ): Promise<boolean> {
    const { project } = wish;
    const claims = db.selectFrom('project_artifacts').select('sha256').where('project', '=', project);
    const named = new Set(wish.named);
    const rows = await claims.where('lent', '=', 0).execute();
    const over = rows.flatMap(({ sha256 }) => (named.has(sha256) ? [] : [sha256]));
    if (!(await isUnchanged(db, wish, wish.seq))) return false;
    for (let first = 0; first < over.length; first += ROWS_AT_ONCE) {
      await db
        .deleteFrom('project_artifacts')
        .where('project', '=', project)
        .where('lent', '=', 0)
        .where('sha256', 'in', over.slice(first, first + ROWS_AT_ONCE))
        .execute();
    }
    return true;
  },
};
