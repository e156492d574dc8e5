import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { actions, covers, limited, type Role, type Scope } from '../../src/domain/access/roles.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Member, Workspace, workspaceOperations } from '../../src/protocol/http/workspaces.ts';
import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import { hashOfSecret, KEY_PREFIX, newId, newSecret } from '../access/secrets.ts';
import { slug } from '../projects/projects.ts';
import type { Store } from '../store/store.ts';
import type { Handlers } from './api.ts';

/** Who may make workspaces. */
export interface Founding {
  /** So many each. */
  readonly most: number;
  /** Also those whom nobody has invited, as an identity provider lets them in. */
  readonly allWelcome: boolean;
}

/** Workspaces and who may enter them; whoever gets here may do what he asks for. */
export function workspaceHandlers({
  store,
  access,
  clock,
  founding,
  url,
}: {
  readonly store: Store;
  readonly access: Access;
  readonly clock: Clock;
  readonly founding: Founding;
  /** Where browsers find the server. */
  readonly url: () => string;
}): Pick<Handlers, keyof typeof workspaceOperations> {
  const mustBeOn = (): void => {
    if (access.mode === 'off') throw protocolErrors.signInOff();
  };
  const workspace = async (id: string, role: Workspace['role']): Promise<Workspace> => {
    const found = await store.call('getWorkspace', id);
    if (found === null) throw protocolErrors.workspaceNotFound({ where: id });
    return { ...found, role };
  };
  const member = (id: string, done: Member | 'missing' | 'last owner', where: string): Member => {
    if (done === 'missing') throw protocolErrors.accessNotFound({ where });
    if (done === 'last owner') throw protocolErrors.lastOwner({ where });
    access.changed({ workspace: id });
    return done;
  };
  const found = <T>(value: T | null, where: string): T => {
    if (value === null) throw protocolErrors.accessNotFound({ where });
    return value;
  };
  /** The user whose keys these are; share links have none. */
  const userOf = ({ kind, id, user }: Principal): string => {
    mustBeOn();
    const own = kind === 'user' ? id : user;
    if (own === undefined) throw protocolErrors.forbidden({ message: 'Only members have keys' });
    return own;
  };

  return {
    listWorkspaces: async ({ principal }) => ({
      workspaces: covers(principal.scopes, 'workspace.read') ? await access.workspacesOf(principal) : [],
    }),
    createWorkspace: async ({ principal, body: { name } }) => {
      mustBeOn();
      if (principal.kind !== 'user') {
        throw protocolErrors.forbidden({ message: 'Only who has signed in can create a workspace' });
      }
      const created = clock.now();
      for (;;) {
        // Always with a suffix: one that came only when the id is taken would tell of others' workspaces.
        const id = `${slug(name, 'workspace')}-${randomBytes(3).toString('hex')}`;
        const wish = { id, name, created, owner: principal.id, ...founding };
        const done = await store.call('createWorkspace', wish);
        if (done === 'created') return { id, name, created, role: 'owner' };
        if (done === 'too many') throw protocolErrors.tooManyWorkspaces({ data: { limit: founding.most } });
        if (done === 'not invited') throw protocolErrors.notInvited();
      }
    },
    getWorkspace: ({ workspace: id, role }) => workspace(id, role),
    renameWorkspace: async ({ workspace: id, role, body: { name } }) => {
      await store.call('renameWorkspace', { id, name });
      return workspace(id, role);
    },

    listMembers: async ({ workspace }) => ({ members: await store.call('listMembers', { workspace }) }),
    changeMember: async ({ workspace, principal, params: { user }, body: { role } }) => {
      mustBeGivable(principal.scopes, role);
      return member(workspace, await store.call('changeMember', { workspace, user, role }), user);
    },
    removeMember: async ({ workspace, params: { user } }) =>
      member(workspace, await store.call('removeMember', { workspace, user, now: clock.now() }), user),

    listInvitations: async ({ workspace }) => ({
      invitations: await store.call('listInvitations', { workspace, now: clock.now() }),
    }),
    createInvitation: async ({ workspace, principal, body: { role, lastingMs } }) => {
      mustBeOn();
      mustBeGivable(principal.scopes, role);
      const secret = newSecret();
      const created = clock.now();
      const invitation = { id: newId('i'), role, created, expires: created + lastingMs };
      await store.call('createInvitation', { ...invitation, workspace, hash: hashOfSecret(secret) });
      return { invitation, secret, link: `${url()}/invitation#${secret}` };
    },
    revokeInvitation: async ({ workspace, params: { invitation: id } }) =>
      found(await store.call('revokeInvitation', { workspace, id }), id),

    listKeys: async ({ workspace, role, principal }) => {
      const user = role === 'owner' ? null : userOf(principal);
      return { keys: await store.call('listKeys', { workspace, user, now: clock.now() }) };
    },
    createKey: async ({ workspace, principal, body: { name, scopes, lastingMs } }) => {
      const user = userOf(principal);
      mustCover(principal.scopes, scopes);
      const secret = `${KEY_PREFIX}${newSecret()}`;
      const created = clock.now();
      const expires = lastingMs === null ? null : created + lastingMs;
      const key = { id: newId('k'), name, user, scopes: [...new Set(scopes)], created, expires };
      const row = { ...key, scopes: JSON.stringify(key.scopes), workspace, hash: hashOfSecret(secret) };
      await store.call('createKey', row);
      return { key, secret };
    },
    revokeKey: async ({ workspace, role, principal, params: { key: id } }) => {
      const user = role === 'owner' ? null : userOf(principal);
      const revoked = await store.call('revokeKey', { workspace, id, user, now: clock.now() });
      if (revoked !== null) access.changed({ workspace });
      return found(revoked, id);
    },

    listShares: async ({ workspace }) => ({
      shares: await store.call('listShares', { workspace, now: clock.now() }),
    }),
    createShare: async ({ workspace, principal, body: { name, role, project, lastingMs } }) => {
      mustBeOn();
      const secret = newSecret();
      const created = clock.now();
      const expires = lastingMs === null ? null : created + lastingMs;
      const share = { id: newId('s'), name, role, project, created, expires };
      const row = { ...share, workspace, created_by: principal.id, hash: hashOfSecret(secret) };
      if (!(await store.call('createShare', row)))
        throw protocolErrors.projectNotFound({ where: project ?? '' });
      return { share, secret, link: `${url()}/share#${secret}` };
    },
    revokeShare: async ({ workspace, params: { share: id } }) => {
      const revoked = await store.call('revokeShare', { workspace, id, now: clock.now() });
      if (revoked !== null) access.changed({ workspace });
      return found(revoked, id);
    },
  };
}

/** Nor an owner, who may everything, where it may not everything itself. */
function mustBeGivable(own: readonly Scope[] | null, role: Role): void {
  if (role !== 'owner' || limited('owner', own) === 'owner') return;
  throw protocolErrors.forbidden({ message: 'This key may not do all that an owner may, and makes none' });
}

/** A key makes no key that may more than itself. */
function mustCover(own: readonly Scope[] | null, wished: readonly Scope[]): void {
  const more = wished.find((scope) => own !== null && !own.includes(scope));
  if (more === undefined) return;
  throw protocolErrors.forbidden({
    message: `This key has not the scope "${more}" itself (${actions['keys.manage'].says})`,
  });
}
