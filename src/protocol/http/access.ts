import { z } from 'zod';
import { roles } from '../../domain/access/roles.ts';
import { projectIdSchema, workspaceIdSchema } from '../names.ts';
import { operation } from './operation.ts';

/** Signing in and out, opening links, and tickets for sockets. What belongs to a workspace is in workspaces.ts. */

export const roleSchema = z.enum(roles);

/** Ids of users, keys, links and invitations: made by the server, meaningless. */
export const accessIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .meta({ description: 'Made by the server; letters, digits, hyphens and underscores.' });

/** What people sign in with, and what others see. Compared without regard to case. */
export const userNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .refine((name) => name.isWellFormed() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name), {
    error: 'a name has no control characters, and none that hide or reorder others',
  })
  .meta({ description: 'Name of a user: 1 to 64 characters.', examples: ['Ada'] });

export const MIN_PASSWORD = 12;
export const passwordSchema = z
  .string()
  .min(MIN_PASSWORD)
  .max(256)
  .meta({ description: `At least ${MIN_PASSWORD} characters; any, and no rules beside the length.` });

/** What a link carries behind its #, a key begins with, a ticket consists of. */
const secretSchema = z.string().min(1).max(256);

export const sessionSchema = z
  .object({
    auth: z.enum(['off', 'on']).meta({
      description: 'off: the server listens on this machine alone, and who reaches it may do everything.',
    }),
    principal: z
      .object({
        kind: z.enum(['local', 'user', 'key', 'share']),
        id: z.string(),
        name: z.string().nullable().meta({ description: 'Null where one says it oneself (local).' }),
      })
      .nullable()
      .meta({ description: 'Who asks; null for somebody who is not signed in.' }),
    workspaces: z.array(z.object({ id: workspaceIdSchema, name: z.string(), role: roleSchema })),
    guest: z
      .object({
        workspace: workspaceIdSchema,
        workspaceName: z.string(),
        project: projectIdSchema.nullable(),
        role: roleSchema,
      })
      .nullable()
      .meta({ description: 'What a share link that was opened here leads to.' }),
    signIn: z.object({
      oidc: z
        .object({ name: z.string(), path: z.string() })
        .nullable()
        .meta({ description: 'The identity provider and where a browser goes to sign in there.' }),
    }),
    ownerMissing: z.boolean().meta({
      description: 'Nobody owns the server yet: the link that it printed at its start creates the owner.',
    }),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

const nothing = z.object({});

export const accessOperations = {
  getSession: operation({
    method: 'GET',
    path: '/session',
    summary: 'Who asks, in which workspaces, and how one can sign in',
    action: 'public',
    params: nothing,
    query: nothing,
    body: null,
    response: sessionSchema,
    success: [200],
    errors: [],
  }),
  signIn: operation({
    method: 'POST',
    path: '/session',
    summary: 'Sign in with name and password; sets the cookie of the session',
    action: 'public',
    params: nothing,
    query: nothing,
    body: z.object({ name: z.string().max(256), password: z.string().max(256) }),
    response: sessionSchema,
    success: [200],
    errors: ['badRequest', 'wrongCredentials', 'tooManyAttempts', 'signInOff'],
  }),
  signOut: operation({
    method: 'DELETE',
    path: '/session',
    summary: 'End the session, and leave an opened share link',
    action: 'public',
    params: nothing,
    query: nothing,
    body: null,
    response: sessionSchema,
    success: [200],
    errors: [],
  }),
  changePassword: operation({
    method: 'PUT',
    path: '/session/password',
    summary: 'Change the password; every other session of the user ends',
    action: 'self',
    params: nothing,
    query: nothing,
    body: z.object({ current: z.string().max(256), password: passwordSchema }),
    response: sessionSchema,
    success: [200],
    errors: ['badRequest', 'notSignedIn', 'forbidden', 'wrongCredentials', 'tooManyAttempts', 'signInOff'],
  }),
  lookAtInvitation: operation({
    method: 'POST',
    path: '/invitations/look',
    summary:
      'What an invitation leads to; the one that the server prints at its first start creates the owner',
    action: 'public',
    params: nothing,
    query: nothing,
    body: z.object({ secret: secretSchema }),
    response: z.object({
      workspace: z.object({ id: workspaceIdSchema, name: z.string() }),
      role: roleSchema,
      expires: z.number().int(),
    }),
    success: [200],
    errors: ['badRequest', 'linkInvalid', 'tooManyAttempts', 'signInOff'],
  }),
  acceptInvitation: operation({
    method: 'POST',
    path: '/invitations/accept',
    summary: 'Become a member, once: with a new account, or with the one that is signed in',
    action: 'public',
    params: nothing,
    query: nothing,
    body: z.object({
      secret: secretSchema,
      account: z
        .object({ name: userNameSchema, password: passwordSchema })
        .nullable()
        .meta({ description: 'The account to create; null: the one that is signed in.' }),
    }),
    response: sessionSchema,
    success: [200],
    errors: ['badRequest', 'linkInvalid', 'notSignedIn', 'nameTaken', 'tooManyAttempts', 'signInOff'],
  }),
  openShare: operation({
    method: 'POST',
    path: '/shares/open',
    summary: 'Open a share link: who holds it has its role from now on; sets a cookie',
    action: 'public',
    params: nothing,
    query: nothing,
    body: z.object({ secret: secretSchema }),
    response: sessionSchema,
    success: [200],
    errors: ['badRequest', 'linkInvalid', 'tooManyAttempts', 'signInOff'],
  }),
  createTicket: operation({
    method: 'POST',
    path: '/tickets',
    summary: 'A ticket for one sync socket in one document: for 60 seconds and one use',
    action: 'document.read',
    target: 'body',
    params: nothing,
    query: nothing,
    body: z.object({ project: projectIdSchema, path: z.string().min(1).max(600) }),
    response: z.object({
      ticket: z.string().meta({ description: 'Offered as the subprotocol anneal.ticket.<ticket>.' }),
      expires: z.number().int().meta({ description: 'Milliseconds since 1970 UTC.' }),
    }),
    success: [201],
    errors: ['badRequest', 'notSignedIn', 'forbidden', 'projectNotFound'],
  }),
};
