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

interface Rows extends Named {
  readonly lent: 0 | 1;
  readonly lifts: boolean;
  readonly claimed_by: string | null;
}

async function insert(db: Db, { project, hashes, lent, lifts, claimed_by }: Rows): Promise<void> {
  const rows = [...new Set(hashes)].map((sha256) => ({ project, sha256, lent, claimed_by }));
  for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
    await db
      .insertInto('project_artifacts')
      .values(rows.slice(first, first + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        conflict
          .columns(['project', 'sha256'])
          // Written anew also where it stays as it is: who takes claims away at the same time meets this one.
          .doUpdateSet((row) => ({ lent: lifts ? lent : row.ref('project_artifacts.lent') })),
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
  const claimed_by = who.share;
  if (!can(role, 'artifact.read')) await insert(db, { ...named, lent: 0, lifts: false, claimed_by });
}

/** Which artifacts are for whoever came by a link for one project. */
export const lendingRequests = {
  /** With `lifts` also those that were only claimed: whoever gives them could have them without this project. */
  async giveArtifacts(db: Db, { lifts, ...named }: Named & { readonly lifts: boolean }): Promise<null> {
    await insert(db, { ...named, lent: 1, lifts, claimed_by: null });
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
