import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

/** Which artifacts are for whoever came by a link for one project. */
export const lendingRequests = {
  /** With `sent`, whoever gave them had the bytes himself; else those that were only claimed stay so. */
  async giveArtifacts(
    db: Db,
    wish: { readonly project: string; readonly hashes: readonly string[]; readonly sent: boolean },
  ): Promise<null> {
    const rows = [...new Set(wish.hashes)].map((sha256) => ({ project: wish.project, sha256, lent: 1 }));
    if (rows.length === 0) return null;
    await db
      .insertInto('project_artifacts')
      .values(rows)
      .onConflict((conflict) =>
        wish.sent ? conflict.columns(['project', 'sha256']).doUpdateSet({ lent: 1 }) : conflict.doNothing(),
      )
      .execute();
    return null;
  },

  /** Somebody from outside named them; what the project has been given stays given. */
  async claimArtifacts(
    db: Db,
    { project, hashes }: { readonly project: string; readonly hashes: readonly string[] },
  ): Promise<null> {
    const rows = [...new Set(hashes)].map((sha256) => ({ project, sha256, lent: 0 }));
    if (rows.length === 0) return null;
    await db
      .insertInto('project_artifacts')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return null;
  },

  /** Null where nobody has said anything. */
  async lentArtifact(
    db: Db,
    { project, sha256 }: { readonly project: string; readonly sha256: string },
  ): Promise<boolean | null> {
    const row = await db
      .selectFrom('project_artifacts')
      .select('lent')
      .where('project', '=', project)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return row === undefined ? null : row.lent === 1;
  },
};
