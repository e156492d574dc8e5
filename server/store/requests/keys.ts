import type { Kysely, Selectable } from 'kysely';
import type { Scope } from '../../../src/domain/access/roles.ts';
import type { ApiKey, Share } from '../../../src/protocol/http/workspaces.ts';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

interface OfWorkspace {
  readonly workspace: string;
}

function asKey({ id, name, user, scopes, created, expires }: Selectable<Tables['api_keys']>): ApiKey {
  return { id, name, user, scopes: JSON.parse(scopes) as Scope[], created, expires };
}

function asShare({ id, name, role, project, created, expires }: Selectable<Tables['shares']>): Share {
  return { id, name, role: role as Share['role'], project, created, expires };
}

/** Keys and share links, as those who manage them see them: never a secret, not even its hash. */
export const keyRequests = {
  async createKey(db: Db, key: Omit<Tables['api_keys'], 'revoked'>): Promise<null> {
    await db
      .insertInto('api_keys')
      .values({ ...key, revoked: null })
      .execute();
    return null;
  },

  /** Of one user, or with null of everybody. */
  async listKeys(
    db: Db,
    { workspace, user, now }: OfWorkspace & { readonly user: string | null; readonly now: number },
  ): Promise<ApiKey[]> {
    let query = db.selectFrom('api_keys').selectAll().where('workspace', '=', workspace);
    if (user !== null) query = query.where('user', '=', user);
    const rows = await query
      .where('revoked', 'is', null)
      .where((where) => where.or([where('expires', 'is', null), where('expires', '>', now)]))
      .orderBy('created')
      .orderBy('id')
      .execute();
    return rows.map(asKey);
  },

  /** Null where there is no such key that still works, or where it is another's and `user` is not null. */
  async revokeKey(
    db: Db,
    {
      workspace,
      id,
      user,
      now,
    }: OfWorkspace & { readonly id: string; readonly user: string | null; readonly now: number },
  ): Promise<ApiKey | null> {
    let query = db.updateTable('api_keys').set({ revoked: now }).where('workspace', '=', workspace);
    if (user !== null) query = query.where('user', '=', user);
    const key = await query
      .where('id', '=', id)
      .where('revoked', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return key === undefined ? null : asKey(key);
  },

  /** False, and nothing done, where the project is not one of the workspace. */
  async createShare(db: Db, share: Omit<Tables['shares'], 'revoked'>): Promise<boolean> {
    if (share.project !== null) {
      const project = await db
        .selectFrom('projects')
        .select('id')
        .where('id', '=', share.project)
        .where('workspace', '=', share.workspace)
        .executeTakeFirst();
      if (project === undefined) return false;
    }
    await db
      .insertInto('shares')
      .values({ ...share, revoked: null })
      .execute();
    return true;
  },

  async listShares(db: Db, { workspace, now }: OfWorkspace & { readonly now: number }): Promise<Share[]> {
    const rows = await db
      .selectFrom('shares')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('revoked', 'is', null)
      .where((where) => where.or([where('expires', 'is', null), where('expires', '>', now)]))
      .orderBy('created')
      .orderBy('id')
      .execute();
    return rows.map(asShare);
  },

  async revokeShare(
    db: Db,
    { workspace, id, now }: OfWorkspace & { readonly id: string; readonly now: number },
  ): Promise<Share | null> {
    const share = await db
      .updateTable('shares')
      .set({ revoked: now })
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .where('revoked', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return share === undefined ? null : asShare(share);
  },
};
