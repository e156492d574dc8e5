import type { Kysely } from 'kysely';
import { type Role, type Scope, stronger } from '../../../src/domain/access/roles.ts';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

/** Who asks, as far as roles depend on it. */
export interface Standing {
  readonly user: string | null;
  readonly share: string | null;
  /** Where one came by a key or a session, it must still be good. */
  readonly key: string | null;
  readonly session: string | null;
}

/** Where: a workspace, or the one of a project. */
export type Place = { readonly workspace: string } | { readonly project: string };

export interface NewUser {
  readonly id: string;
  readonly name: string;
  readonly folded: string;
  readonly password: string | null;
}

export interface Grant {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly workspaceName: string;
  readonly project: string | null;
  readonly role: Role;
}

/** A share link that works. */
export async function openGrant(
  db: Db,
  by: { readonly id: string } | { readonly hash: string },
  now: number,
): Promise<Grant | null> {
  const grant = await db
    .selectFrom('shares')
    .innerJoin('workspaces', 'workspaces.id', 'shares.workspace')
    .select([
      'shares.id',
      'shares.name',
      'shares.workspace',
      'workspaces.name as workspaceName',
      'shares.project',
      'shares.role',
    ])
    .where((where) => ('id' in by ? where('shares.id', '=', by.id) : where('shares.hash', '=', by.hash)))
    .where('revoked', 'is', null)
    .where((where) => where.or([where('expires', 'is', null), where('expires', '>', now)]))
    .executeTakeFirst();
  return grant ?? null;
}

async function isSession(db: Db, hash: string, now: number): Promise<boolean> {
  const session = await db
    .selectFrom('sessions')
    .select('hash')
    .where('hash', '=', hash)
    .where('expires', '>', now)
    .executeTakeFirst();
  return session !== undefined;
}

export async function userById(
  db: Db,
  id: string,
): Promise<{ readonly id: string; readonly name: string; readonly password: string | null } | null> {
  const user = await db
    .selectFrom('users')
    .select(['id', 'name', 'password'])
    .where('id', '=', id)
    .where('disabled', 'is', null)
    .executeTakeFirst();
  return user ?? null;
}

/** Signing in, and what the check before every operation asks. */
export const accessRequests = {
  /** The role in a place, from a membership or a share link; null in both where the place does not exist. */
  async roleIn(
    db: Db,
    { who, place, now }: { readonly who: Standing; readonly place: Place; readonly now: number },
  ): Promise<{ readonly workspace: string | null; readonly role: Role | null }> {
    const project = 'project' in place ? place.project : null;
    const found =
      'project' in place
        ? await db
            .selectFrom('projects')
            .select('workspace')
            .where('id', '=', place.project)
            .executeTakeFirst()
        : await db
            .selectFrom('workspaces')
            .select('id as workspace')
            .where('id', '=', place.workspace)
            .executeTakeFirst();
    if (found === undefined) return { workspace: null, role: null };
    const { workspace } = found;
    if (who.key !== null && (await accessRequests.findKey(db, { id: who.key, now })) === null) {
      return { workspace, role: null };
    }
    if (who.session !== null && !(await isSession(db, who.session, now))) return { workspace, role: null };
    const member =
      who.user === null
        ? undefined
        : await db
            .selectFrom('members')
            .innerJoin('users', 'users.id', 'members.user')
            .select('members.role')
            .where('members.workspace', '=', workspace)
            .where('members.user', '=', who.user)
            .where('users.disabled', 'is', null)
            .executeTakeFirst();
    const grant = who.share === null ? null : await openGrant(db, { id: who.share }, now);
    const granted =
      grant !== null && grant.workspace === workspace && (grant.project === null || grant.project === project)
        ? grant.role
        : null;
    return { workspace, role: stronger(member?.role ?? null, granted) };
  },

  async findUser(
    db: Db,
    { folded }: { readonly folded: string },
  ): Promise<{ readonly id: string; readonly name: string; readonly password: string | null } | null> {
    const user = await db
      .selectFrom('users')
      .select(['id', 'name', 'password'])
      .where('folded', '=', folded)
      .where('disabled', 'is', null)
      .executeTakeFirst();
    return user ?? null;
  },

  userById,

  /** Everybody else who is signed in as this user is not any more. */
  async setPassword(
    db: Db,
    {
      user,
      password,
      keep,
    }: { readonly user: string; readonly password: string; readonly keep: string | null },
  ): Promise<null> {
    await db.updateTable('users').set({ password }).where('id', '=', user).execute();
    await db
      .deleteFrom('sessions')
      .where('user', '=', user)
      .where('hash', '!=', keep ?? '')
      .execute();
    return null;
  },

  async findShare(
    db: Db,
    { hash, now }: { readonly hash: string; readonly now: number },
  ): Promise<Grant | null> {
    return openGrant(db, { hash }, now);
  },

  async shareById(db: Db, { id, now }: { readonly id: string; readonly now: number }): Promise<Grant | null> {
    return openGrant(db, { id }, now);
  },

  async findKey(
    db: Db,
    { now, ...by }: ({ readonly hash: string } | { readonly id: string }) & { readonly now: number },
  ): Promise<{
    readonly id: string;
    readonly user: string;
    readonly userName: string;
    readonly workspace: string;
    readonly scopes: readonly Scope[];
  } | null> {
    const key = await db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user')
      .select([
        'api_keys.id',
        'api_keys.user',
        'users.name as userName',
        'api_keys.workspace',
        'api_keys.scopes',
      ])
      .where((where) =>
        'id' in by ? where('api_keys.id', '=', by.id) : where('api_keys.hash', '=', by.hash),
      )
      .where('revoked', 'is', null)
      .where('disabled', 'is', null)
      .where((where) => where.or([where('expires', 'is', null), where('expires', '>', now)]))
      .executeTakeFirst();
    return key === undefined ? null : { ...key, scopes: JSON.parse(key.scopes) as Scope[] };
  },

  /** The user whom an identity provider names, made on the first time under a name that is free. */
  async userOfIdentity(
    db: Db,
    {
      issuer,
      subject,
      wish,
      created,
    }: {
      readonly issuer: string;
      readonly subject: string;
      readonly wish: NewUser;
      readonly created: number;
    },
  ): Promise<string | null> {
    const known = await db
      .selectFrom('identities')
      .innerJoin('users', 'users.id', 'identities.user')
      .select(['users.id', 'users.disabled'])
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst();
    if (known !== undefined) return known.disabled === null ? known.id : null;
    await db
      .insertInto('users')
      .values({ ...wish, created, disabled: null })
      .execute();
    await db.insertInto('identities').values({ issuer, subject, user: wish.id }).execute();
    return wish.id;
  },
};
