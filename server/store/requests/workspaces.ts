import type { Kysely } from 'kysely';
import { type Role, stronger } from '../../../src/domain/access/roles.ts';
import type { Invitation, Member, Workspace } from '../../../src/protocol/http/workspaces.ts';
import { nameAmong } from '../../access/user-name.ts';
import type { Tables } from '../schema.ts';
import type { NewUser } from './access.ts';

type Db = Kysely<Tables>;

interface OfWorkspace {
  readonly workspace: string;
}

async function memberOf(
  db: Db,
  { workspace, user }: OfWorkspace & { readonly user: string },
): Promise<Member | null> {
  const member = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user')
    .select(['members.user', 'users.name', 'members.role', 'members.since'])
    .where('workspace', '=', workspace)
    .where('members.user', '=', user)
    .executeTakeFirst();
  return member ?? null;
}

/** Whether a workspace would have no owner without this one. */
async function isLastOwner(
  db: Db,
  { workspace, user }: OfWorkspace & { readonly user: string },
): Promise<boolean> {
  const owners = await db
    .selectFrom('members')
    .select('user')
    .where('workspace', '=', workspace)
    .where('role', '=', 'owner')
    .execute();
  return owners.length === 1 && owners[0]?.user === user;
}

/** Somebody has let him in once: passwords come by invitations alone; an identity provider knows anybody. */
async function isInvited(db: Db, user: string): Promise<boolean> {
  const known = await db
    .selectFrom('users')
    .leftJoin('members', 'members.user', 'users.id')
    .select(['users.password', 'members.workspace'])
    .where('users.id', '=', user)
    .executeTakeFirst();
  return known !== undefined && (known.password !== null || known.workspace !== null);
}

/** Workspaces, their members, and invitations. */
export const workspaceRequests = {
  async workspacesOf(db: Db, { user }: { readonly user: string }): Promise<Workspace[]> {
    return db
      .selectFrom('members')
      .innerJoin('workspaces', 'workspaces.id', 'members.workspace')
      .select(['workspaces.id', 'workspaces.name', 'workspaces.created', 'members.role'])
      .where('members.user', '=', user)
      .orderBy('members.since')
      .orderBy('workspaces.id')
      .execute();
  },

  async getWorkspace(db: Db, id: string): Promise<Omit<Workspace, 'role'> | null> {
    const workspace = await db
      .selectFrom('workspaces')
      .select(['id', 'name', 'created'])
      .where('id', '=', id)
      .executeTakeFirst();
    return workspace ?? null;
  },

  /**
   * Nothing is done where the id is taken, where he made `most` already, and where nobody has ever invited him
   * unless all are welcome.
   */
  async createWorkspace(
    db: Db,
    wish: Omit<Workspace, 'role'> & {
      readonly owner: string;
      readonly most: number;
      readonly allWelcome: boolean;
    },
  ): Promise<'created' | 'taken' | 'too many' | 'not invited'> {
    const { owner, most, allWelcome, ...workspace } = wish;
    if (!allWelcome && !(await isInvited(db, owner))) return 'not invited';
    const made = await db
      .selectFrom('workspaces')
      .where('created_by', '=', owner)
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .executeTakeFirst();
    if (Number(made?.count ?? 0) >= most) return 'too many';
    if ((await workspaceRequests.getWorkspace(db, workspace.id)) !== null) return 'taken';
    await db
      .insertInto('workspaces')
      .values({ ...workspace, quota_bytes: null, created_by: owner })
      .execute();
    await db
      .insertInto('members')
      .values({ workspace: workspace.id, user: owner, role: 'owner', since: workspace.created })
      .execute();
    return 'created';
  },

  async renameWorkspace(db: Db, { id, name }: { readonly id: string; readonly name: string }): Promise<null> {
    await db.updateTable('workspaces').set({ name }).where('id', '=', id).execute();
    return null;
  },

  async listMembers(db: Db, { workspace }: OfWorkspace): Promise<Member[]> {
    return db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user')
      .select(['members.user', 'users.name', 'members.role', 'members.since'])
      .where('workspace', '=', workspace)
      .orderBy('members.since')
      .orderBy('members.user')
      .execute();
  },

  async changeMember(
    db: Db,
    { role, ...name }: OfWorkspace & { readonly user: string; readonly role: Role },
  ): Promise<Member | 'missing' | 'last owner'> {
    const member = await memberOf(db, name);
    if (member === null) return 'missing';
    if (role !== 'owner' && (await isLastOwner(db, name))) return 'last owner';
    await db
      .updateTable('members')
      .set({ role })
      .where('workspace', '=', name.workspace)
      .where('user', '=', name.user)
      .execute();
    return { ...member, role };
  },

  /** With his keys for the workspace. */
  async removeMember(
    db: Db,
    { now, ...name }: OfWorkspace & { readonly user: string; readonly now: number },
  ): Promise<Member | 'missing' | 'last owner'> {
    const member = await memberOf(db, name);
    if (member === null) return 'missing';
    if (await isLastOwner(db, name)) return 'last owner';
    const { workspace, user } = name;
    await db.deleteFrom('members').where('workspace', '=', workspace).where('user', '=', user).execute();
    await db
      .updateTable('api_keys')
      .set({ revoked: now })
      .where('workspace', '=', workspace)
      .where('user', '=', user)
      .where('revoked', 'is', null)
      .execute();
    return member;
  },

  async hasOwner(db: Db, { workspace }: OfWorkspace): Promise<boolean> {
    const owner = await db
      .selectFrom('members')
      .select('user')
      .where('workspace', '=', workspace)
      .where('role', '=', 'owner')
      .executeTakeFirst();
    return owner !== undefined;
  },

  /** An invitation of the same id, as that of the first owner, is replaced. */
  async createInvitation(db: Db, invitation: Tables['invitations']): Promise<null> {
    await db.deleteFrom('invitations').where('id', '=', invitation.id).execute();
    await db.insertInto('invitations').values(invitation).execute();
    return null;
  },

  async listInvitations(
    db: Db,
    { workspace, now }: OfWorkspace & { readonly now: number },
  ): Promise<Invitation[]> {
    return db
      .selectFrom('invitations')
      .select(['id', 'role', 'created', 'expires'])
      .where('workspace', '=', workspace)
      .where('expires', '>', now)
      .orderBy('created')
      .orderBy('id')
      .execute();
  },

  async revokeInvitation(
    db: Db,
    { workspace, id }: OfWorkspace & { readonly id: string },
  ): Promise<Invitation | null> {
    const gone = await db
      .deleteFrom('invitations')
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .returning(['id', 'role', 'created', 'expires'])
      .executeTakeFirst();
    return gone ?? null;
  },

  async findInvitation(
    db: Db,
    { hash, now }: { readonly hash: string; readonly now: number },
  ): Promise<{
    readonly workspace: string;
    readonly workspaceName: string;
    readonly role: Role;
    readonly expires: number;
  } | null> {
    const found = await db
      .selectFrom('invitations')
      .innerJoin('workspaces', 'workspaces.id', 'invitations.workspace')
      .select([
        'invitations.workspace',
        'workspaces.name as workspaceName',
        'invitations.role',
        'invitations.expires',
      ])
      .where('hash', '=', hash)
      .where('expires', '>', now)
      .executeTakeFirst();
    return found ?? null;
  },

  /** Uses an invitation up: all of it happens, or none. Somebody who is a member already never loses rights. */
  async acceptInvitation(
    db: Db,
    {
      hash,
      now,
      who,
    }: { readonly hash: string; readonly now: number; readonly who: { readonly id: string } | NewUser },
  ): Promise<{ readonly workspace: string; readonly name: string } | 'invalid' | 'taken'> {
    const invitation = await workspaceRequests.findInvitation(db, { hash, now });
    if (invitation === null) return 'invalid';
    if ('folded' in who) {
      const same = await db
        .selectFrom('users')
        .select('id')
        .where('folded', '=', who.folded)
        .executeTakeFirst();
      if (same !== undefined) return 'taken';
      await db
        .insertInto('users')
        .values({ ...who, created: now, disabled: null })
        .execute();
    }
    const { workspace } = invitation;
    const before = await memberOf(db, { workspace, user: who.id });
    const role = stronger(before?.role ?? null, invitation.role) ?? invitation.role;
    await db
      .insertInto('members')
      .values({ workspace, user: who.id, role, since: now })
      .onConflict((conflict) => conflict.columns(['workspace', 'user']).doUpdateSet({ role }))
      .execute();
    await db.deleteFrom('invitations').where('hash', '=', hash).execute();
    const name = await nameInWorkspace(db, { workspace, user: who.id, isNew: before === null });
    return { workspace, name };
  },
};

/** Members know one another's names: there, and nowhere else, who joins is told apart from whoever has his. */
async function nameInWorkspace(
  db: Db,
  { workspace, user, isNew }: { readonly workspace: string; readonly user: string; readonly isNew: boolean },
): Promise<string> {
  const { name: before } = await db
    .selectFrom('users')
    .select('name')
    .where('id', '=', user)
    .executeTakeFirstOrThrow();
  if (!isNew) return before;
  const members = await workspaceRequests.listMembers(db, { workspace });
  const others = members.flatMap((member) => (member.user === user ? [] : [member.name]));
  const name = nameAmong(others, { id: user, name: before });
  if (name !== before) await db.updateTable('users').set({ name }).where('id', '=', user).execute();
  return name;
}
