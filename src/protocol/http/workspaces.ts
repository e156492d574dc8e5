import { z } from 'zod';
import { type Scope, scopes } from '../../domain/access/roles.ts';
import { projectIdSchema, workspaceIdSchema } from '../names.ts';
import { accessIdSchema, roleSchema } from './access.ts';
import { operation } from './operation.ts';
import { projectNameSchema } from './projects.ts';

/** Workspaces and what lets people into them: members, invitations, keys, share links. */

const timeSchema = z.number().int().meta({ description: 'Milliseconds since 1970 UTC.' });
const DAY_MS = 24 * 3600 * 1000;

export const workspaceSchema = z
  .object({ id: workspaceIdSchema, name: z.string(), created: timeSchema, role: roleSchema })
  .meta({ id: 'Workspace' });
export type Workspace = z.infer<typeof workspaceSchema>;

export const memberSchema = z
  .object({ user: accessIdSchema, name: z.string(), role: roleSchema, since: timeSchema })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof memberSchema>;

export const invitationSchema = z
  .object({ id: accessIdSchema, role: roleSchema, created: timeSchema, expires: timeSchema })
  .meta({ id: 'Invitation' });
export type Invitation = z.infer<typeof invitationSchema>;

export const scopeSchema = z.enum(Object.keys(scopes) as [Scope, ...Scope[]]);

export const apiKeySchema = z
  .object({
    id: accessIdSchema,
    name: z.string(),
    user: accessIdSchema,
    scopes: z.array(scopeSchema),
    created: timeSchema,
    expires: timeSchema.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKeySchema>;

/** A link gives no more than editing: owners are people. */
export const shareRoleSchema = roleSchema.exclude(['owner']);

export const shareSchema = z
  .object({
    id: accessIdSchema,
    name: z.string(),
    role: roleSchema,
    project: projectIdSchema.nullable().meta({ description: 'Null: the whole workspace.' }),
    created: timeSchema,
    expires: timeSchema.nullable(),
  })
  .meta({ id: 'Share' });
export type Share = z.infer<typeof shareSchema>;

const secret = z.string().meta({ description: 'Shown this once: the server keeps its hash alone.' });
/** `<server>/invitation#<secret>` and `<server>/share#<secret>`: what is behind the # never leaves the browser. */
const link = z.string().meta({ description: 'The address to pass on; the secret is behind its #.' });
const lasting = z
  .number()
  .int()
  .min(60_000)
  .max(365 * DAY_MS);

const nothing = z.object({});
const inWorkspace = z.object({ workspace: workspaceIdSchema });
const outsiders = ['badRequest', 'notSignedIn', 'forbidden', 'workspaceNotFound'] as const;

export const workspaceOperations = {
  listWorkspaces: operation({
    method: 'GET',
    path: '/workspaces',
    summary: 'The workspaces of who asks',
    action: 'self',
    params: nothing,
    query: nothing,
    body: null,
    response: z.object({ workspaces: z.array(workspaceSchema) }),
    success: [200],
    errors: ['notSignedIn'],
  }),
  createWorkspace: operation({
    method: 'POST',
    path: '/workspaces',
    summary: 'Create a workspace; who creates it owns it',
    action: 'self',
    params: nothing,
    query: nothing,
    body: z.object({ name: projectNameSchema }),
    response: workspaceSchema,
    success: [201],
    errors: ['badRequest', 'notSignedIn', 'forbidden', 'notInvited', 'tooManyWorkspaces', 'signInOff'],
  }),
  getWorkspace: operation({
    method: 'GET',
    path: '/workspaces/{workspace}',
    summary: 'One workspace',
    action: 'workspace.read',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: workspaceSchema,
    success: [200],
    errors: outsiders,
  }),
  renameWorkspace: operation({
    method: 'PATCH',
    path: '/workspaces/{workspace}',
    summary: 'Change the name; the id stays',
    action: 'workspace.manage',
    params: inWorkspace,
    query: nothing,
    body: z.object({ name: projectNameSchema }),
    response: workspaceSchema,
    success: [200],
    errors: outsiders,
  }),

  listMembers: operation({
    method: 'GET',
    path: '/workspaces/{workspace}/members',
    summary: 'Who is a member, and in which role',
    action: 'members.read',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: z.object({ members: z.array(memberSchema) }),
    success: [200],
    errors: outsiders,
  }),
  changeMember: operation({
    method: 'PATCH',
    path: '/workspaces/{workspace}/members/{user}',
    summary: "Change a member's role; open documents follow at once",
    action: 'members.manage',
    params: inWorkspace.extend({ user: accessIdSchema }),
    query: nothing,
    body: z.object({ role: roleSchema }),
    response: memberSchema,
    success: [200],
    errors: [...outsiders, 'accessNotFound', 'lastOwner'],
  }),
  removeMember: operation({
    method: 'DELETE',
    path: '/workspaces/{workspace}/members/{user}',
    summary: 'Remove a member with his keys; his open documents close at once',
    action: 'members.manage',
    params: inWorkspace.extend({ user: accessIdSchema }),
    query: nothing,
    body: null,
    response: memberSchema,
    success: [200],
    errors: [...outsiders, 'accessNotFound', 'lastOwner'],
  }),

  listInvitations: operation({
    method: 'GET',
    path: '/workspaces/{workspace}/invitations',
    summary: 'Invitations that nobody has accepted yet',
    action: 'members.manage',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: z.object({ invitations: z.array(invitationSchema) }),
    success: [200],
    errors: outsiders,
  }),
  createInvitation: operation({
    method: 'POST',
    path: '/workspaces/{workspace}/invitations',
    summary: 'A link with which one person becomes a member',
    action: 'members.manage',
    params: inWorkspace,
    query: nothing,
    body: z.object({ role: roleSchema, lastingMs: lasting.default(7 * DAY_MS) }),
    response: z.object({ invitation: invitationSchema, secret, link }),
    success: [201],
    errors: [...outsiders, 'signInOff'],
  }),
  revokeInvitation: operation({
    method: 'DELETE',
    path: '/workspaces/{workspace}/invitations/{invitation}',
    summary: 'Take an invitation back',
    action: 'members.manage',
    params: inWorkspace.extend({ invitation: accessIdSchema }),
    query: nothing,
    body: null,
    response: invitationSchema,
    success: [200],
    errors: [...outsiders, 'accessNotFound'],
  }),

  listKeys: operation({
    method: 'GET',
    path: '/workspaces/{workspace}/keys',
    summary: "One's own API keys; owners see those of all members",
    action: 'keys.manage',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: z.object({ keys: z.array(apiKeySchema) }),
    success: [200],
    errors: outsiders,
  }),
  createKey: operation({
    method: 'POST',
    path: '/workspaces/{workspace}/keys',
    summary: 'A key for programs, limited to scopes and never above its user; the secret is shown once',
    action: 'keys.manage',
    params: inWorkspace,
    query: nothing,
    body: z.object({
      name: projectNameSchema,
      scopes: z.array(scopeSchema).min(1).max(scopeSchema.options.length),
      lastingMs: lasting.nullable().default(null).meta({ description: 'Null: until it is revoked.' }),
    }),
    response: z.object({ key: apiKeySchema, secret }),
    success: [201],
    errors: [...outsiders, 'signInOff'],
  }),
  revokeKey: operation({
    method: 'DELETE',
    path: '/workspaces/{workspace}/keys/{key}',
    summary: "Revoke one's own key, or as owner anybody's; sockets that it opened close at once",
    action: 'keys.manage',
    params: inWorkspace.extend({ key: accessIdSchema }),
    query: nothing,
    body: null,
    response: apiKeySchema,
    success: [200],
    errors: [...outsiders, 'accessNotFound'],
  }),

  listShares: operation({
    method: 'GET',
    path: '/workspaces/{workspace}/shares',
    summary: 'Share links that work',
    action: 'shares.manage',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: z.object({ shares: z.array(shareSchema) }),
    success: [200],
    errors: outsiders,
  }),
  createShare: operation({
    method: 'POST',
    path: '/workspaces/{workspace}/shares',
    summary: 'A link that lets in whoever has it, into one project or the workspace',
    action: 'shares.manage',
    params: inWorkspace,
    query: nothing,
    body: z.object({
      name: projectNameSchema.default('Guest').meta({ description: 'How who comes through it is called.' }),
      role: shareRoleSchema,
      project: projectIdSchema.nullable().default(null),
      lastingMs: lasting
        .nullable()
        .default(30 * DAY_MS)
        .meta({ description: 'Null: until it is revoked.' }),
    }),
    response: z.object({ share: shareSchema, secret, link }),
    success: [201],
    errors: [...outsiders, 'projectNotFound', 'signInOff'],
  }),
  revokeShare: operation({
    method: 'DELETE',
    path: '/workspaces/{workspace}/shares/{share}',
    summary: 'Revoke a link; documents that were opened through it close at once',
    action: 'shares.manage',
    params: inWorkspace.extend({ share: accessIdSchema }),
    query: nothing,
    body: null,
    response: shareSchema,
    success: [200],
    errors: [...outsiders, 'accessNotFound'],
  }),
};
