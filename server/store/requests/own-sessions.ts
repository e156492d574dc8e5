import type { Kysely } from 'kysely';
import { SESSION_ID_LENGTH } from '../../../src/protocol/http/sessions.ts';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

/** More than anybody looks through; the ones that were used last. */
const AT_MOST = 100;

/** What somebody is told of his own sessions, and how he ends them. Hashes are for the server alone. */
export const ownSessionRequests = {
  async listSessions(
    db: Db,
    { user, now }: { readonly user: string; readonly now: number },
  ): Promise<Pick<Tables['sessions'], 'hash' | 'agent' | 'created' | 'used' | 'expires'>[]> {
    return db
      .selectFrom('sessions')
      .select(['hash', 'agent', 'created', 'used', 'expires'])
      .where('user', '=', user)
      .where('expires', '>', now)
      .orderBy((order) => order.fn.coalesce('used', 'created'), 'desc')
      .orderBy('hash')
      .limit(AT_MOST)
      .execute();
  },

  /** Ends one by its id, or all but `keep`. Answers with those that there were. */
  async endSessionsOf(
    db: Db,
    { user, ...which }: { readonly user: string } & ({ readonly id: string } | { readonly keep: string }),
  ): Promise<string[]> {
    const ended = await db
      .deleteFrom('sessions')
      .where('user', '=', user)
      .where((where) =>
        'id' in which
          ? where(where.fn('substr', ['hash', where.lit(1), where.lit(SESSION_ID_LENGTH)]), '=', which.id)
          : where('hash', '!=', which.keep),
      )
      .returning('hash')
      .execute();
    return ended.map(({ hash }) => hash);
  },

  async touchSession(db: Db, { hash, now }: { readonly hash: string; readonly now: number }): Promise<null> {
    await db.updateTable('sessions').set({ used: now }).where('hash', '=', hash).execute();
    return null;
  },
};
