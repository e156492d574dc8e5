import type { Kysely } from 'kysely';
import { can } from '../../../src/domain/access/roles.ts';
import type { Tables } from '../schema.ts';
import { accessRequests, type Standing } from './access.ts';

type Db = Kysely<Tables>;

/** A statement has room for so many, and no more. */
const ROWS_AT_ONCE = 500;

interface Named {
  readonly project: string;
  readonly hashes: readonly string[];
}

async function insert(db: Db, { project, hashes }: Named, lent: 0 | 1, lifts: boolean): Promise<void> {
  const rows = [...new Set(hashes)].map((sha256) => ({ project, sha256, lent }));
  for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
    await db
      .insertInto('project_artifacts')
      .values(rows.slice(first, first + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        lifts ? conflict.columns(['project', 'sha256']).doUpdateSet({ lent }) : conflict.doNothing(),
      )
      .execute();
  }
}

/** Where somebody from outside named them; what the project has been given stays given. */
export async function claimArtifacts(
  db: Db,
  { who, now, ...named }: Named & { readonly who: Standing; readonly now: number },
): Promise<void> {
  const { workspace } = await accessRequests.roleIn(db, { who, place: named, now });
  if (workspace === null) return; // the project has been removed
  const { role } = await accessRequests.roleIn(db, { who, place: { workspace }, now });
  if (!can(role, 'artifact.read')) await insert(db, named, 0, false);
}

/** Which artifacts are for whoever came by a link for one project. */
export const lendingRequests = {
  /** With `lifts` also those that were only claimed: whoever gives them could have them without this project. */
  async giveArtifacts(db: Db, { lifts, ...named }: Named & { readonly lifts: boolean }): Promise<null> {
    await insert(db, named, 1, lifts);
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
