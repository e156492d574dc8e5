import type { Role } from '../domain/access/roles.ts';
import type { Session } from '../protocol/http/access.ts';
import type { BodyInputOf, ResponseOf } from '../protocol/http/operation.ts';
import { type Operations, operations } from '../protocol/http/operations.ts';
import type { OwnSession } from '../protocol/http/sessions.ts';
import type { ApiKey, Invitation, Member, Share, Workspace } from '../protocol/http/workspaces.ts';
import { type CallOptions, call, type Transport } from './transport.ts';

type Body<Id extends keyof Operations> = BodyInputOf<Operations[Id]>;
type Answer<Id extends keyof Operations> = ResponseOf<Operations[Id]>;

/** Who one is, and who else may enter. Sign-in sets cookies: it is for browsers; programs use keys. */
export interface AccessClient {
  /** Who asks, in which workspaces, and how one can sign in; `auth: 'off'` where nobody has to. */
  session(options?: CallOptions): Promise<Session>;
  signIn(name: string, password: string, options?: CallOptions): Promise<Session>;
  signOut(options?: CallOptions): Promise<Session>;
  changePassword(current: string, password: string, options?: CallOptions): Promise<Session>;
  /** Where one is signed in oneself. */
  readonly sessions: {
    list(options?: CallOptions): Promise<OwnSession[]>;
    /** By its id. */
    end(session: string, options?: CallOptions): Promise<Answer<'endSession'>>;
    /** All but the one that asks. */
    endOthers(options?: CallOptions): Promise<Answer<'endOtherSessions'>>;
  };
  /** What an invitation's secret, from behind the # of its link, leads to. */
  lookAtInvitation(secret: string, options?: CallOptions): Promise<Answer<'lookAtInvitation'>>;
  /** With null the account that is signed in becomes a member. */
  acceptInvitation(
    secret: string,
    account: { readonly name: string; readonly password: string } | null,
    options?: CallOptions,
  ): Promise<Session>;
  openShare(secret: string, options?: CallOptions): Promise<Session>;
  /** For one sync socket, within 60 seconds. */
  ticket(project: string, path: string, options?: CallOptions): Promise<string>;
  readonly workspaces: {
    list(options?: CallOptions): Promise<Workspace[]>;
    create(name: string, options?: CallOptions): Promise<Workspace>;
    get(workspace: string, options?: CallOptions): Promise<Workspace>;
    rename(workspace: string, name: string, options?: CallOptions): Promise<Workspace>;
  };
  readonly members: {
    list(workspace: string, options?: CallOptions): Promise<Member[]>;
    change(workspace: string, user: string, role: Role, options?: CallOptions): Promise<Member>;
    remove(workspace: string, user: string, options?: CallOptions): Promise<Member>;
  };
  readonly invitations: {
    list(workspace: string, options?: CallOptions): Promise<Invitation[]>;
    create(
      workspace: string,
      invitation: Body<'createInvitation'>,
      options?: CallOptions,
    ): Promise<Answer<'createInvitation'>>;
    revoke(workspace: string, invitation: string, options?: CallOptions): Promise<Invitation>;
  };
  readonly keys: {
    list(workspace: string, options?: CallOptions): Promise<ApiKey[]>;
    create(workspace: string, key: Body<'createKey'>, options?: CallOptions): Promise<Answer<'createKey'>>;
    revoke(workspace: string, key: string, options?: CallOptions): Promise<ApiKey>;
  };
  readonly shares: {
    list(workspace: string, options?: CallOptions): Promise<Share[]>;
    create(
      workspace: string,
      share: Body<'createShare'>,
      options?: CallOptions,
    ): Promise<Answer<'createShare'>>;
    revoke(workspace: string, share: string, options?: CallOptions): Promise<Share>;
  };
}

export function createAccessClient(transport: Transport): AccessClient {
  const o = operations;
  const none = { params: {} };
  return {
    session: (options) => call(transport, o.getSession, { ...options, ...none }),
    signIn: (name, password, options) =>
      call(transport, o.signIn, { ...options, ...none, body: { name, password } }),
    signOut: (options) => call(transport, o.signOut, { ...options, ...none }),
    changePassword: (current, password, options) =>
      call(transport, o.changePassword, { ...options, ...none, body: { current, password } }),
    sessions: {
      list: async (options) => (await call(transport, o.listSessions, { ...options, ...none })).sessions,
      end: (session, options) => call(transport, o.endSession, { ...options, params: { session } }),
      endOthers: (options) => call(transport, o.endOtherSessions, { ...options, ...none }),
    },
    lookAtInvitation: (secret, options) =>
      call(transport, o.lookAtInvitation, { ...options, ...none, body: { secret } }),
    acceptInvitation: (secret, account, options) =>
      call(transport, o.acceptInvitation, { ...options, ...none, body: { secret, account } }),
    openShare: (secret, options) => call(transport, o.openShare, { ...options, ...none, body: { secret } }),
    ticket: async (project, path, options) =>
      (await call(transport, o.createTicket, { ...options, ...none, body: { project, path } })).ticket,
    workspaces: {
      list: async (options) => (await call(transport, o.listWorkspaces, { ...options, ...none })).workspaces,
      create: (name, options) => call(transport, o.createWorkspace, { ...options, ...none, body: { name } }),
      get: (workspace, options) => call(transport, o.getWorkspace, { ...options, params: { workspace } }),
      rename: (workspace, name, options) =>
        call(transport, o.renameWorkspace, { ...options, params: { workspace }, body: { name } }),
    },
    members: {
      list: async (workspace, options) =>
        (await call(transport, o.listMembers, { ...options, params: { workspace } })).members,
      change: (workspace, user, role, options) =>
        call(transport, o.changeMember, { ...options, params: { workspace, user }, body: { role } }),
      remove: (workspace, user, options) =>
        call(transport, o.removeMember, { ...options, params: { workspace, user } }),
    },
    invitations: {
      list: async (workspace, options) =>
        (await call(transport, o.listInvitations, { ...options, params: { workspace } })).invitations,
      create: (workspace, body, options) =>
        call(transport, o.createInvitation, { ...options, params: { workspace }, body }),
      revoke: (workspace, invitation, options) =>
        call(transport, o.revokeInvitation, { ...options, params: { workspace, invitation } }),
    },
    keys: {
      list: async (workspace, options) =>
        (await call(transport, o.listKeys, { ...options, params: { workspace } })).keys,
      create: (workspace, body, options) =>
        call(transport, o.createKey, { ...options, params: { workspace }, body }),
      revoke: (workspace, key, options) =>
        call(transport, o.revokeKey, { ...options, params: { workspace, key } }),
    },
    shares: {
      list: async (workspace, options) =>
        (await call(transport, o.listShares, { ...options, params: { workspace } })).shares,
      create: (workspace, body, options) =>
        call(transport, o.createShare, { ...options, params: { workspace }, body }),
      revoke: (workspace, share, options) =>
        call(transport, o.revokeShare, { ...options, params: { workspace, share } }),
    },
  };
}
