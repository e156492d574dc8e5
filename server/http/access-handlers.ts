import type { FastifyReply } from 'fastify';
import type { Clock } from '../../src/base/clock.ts';
import type { Session } from '../../src/protocol/http/access.ts';
import type { Access } from '../access/access.ts';
import type { Accounts, SignedIn } from '../access/accounts.ts';
import { OwnSessions } from '../access/own-sessions.ts';
import { createTicket } from '../access/tickets.ts';
import type { Store } from '../store/store.ts';
import type { Handlers } from './api.ts';

type AccessHandlers = Pick<
  Handlers,
  | 'getSession'
  | 'signIn'
  | 'signOut'
  | 'changePassword'
  | 'lookAtInvitation'
  | 'acceptInvitation'
  | 'openShare'
  | 'createTicket'
  | 'listSessions'
  | 'endSession'
  | 'endOtherSessions'
>;

export function accessHandlers({
  store,
  access,
  accounts,
  clock,
}: {
  readonly store: Store;
  readonly access: Access;
  readonly accounts: Accounts;
  readonly clock: Clock;
}): AccessHandlers {
  const answer = async (reply: FastifyReply, { principal, cookies }: SignedIn): Promise<Session> => {
    for (const cookie of cookies) reply.header('set-cookie', cookie);
    return accounts.describe(principal);
  };
  const sessions = new OwnSessions(store, access, () => clock.now());
  return {
    listSessions: async ({ principal }) => ({ sessions: await sessions.list(principal) }),
    endSession: ({ principal, params }) => sessions.end(principal, params.session),
    endOtherSessions: ({ principal }) => sessions.endOthers(principal),
    getSession: async ({ request }) => accounts.describe(await access.authenticate(request.raw)),
    signIn: async ({ request, reply, body }) => answer(reply, await accounts.signIn(request.raw, body)),
    signOut: async ({ request, reply }) => answer(reply, await accounts.signOut(request.raw)),
    changePassword: async ({ request, reply, body, principal }) =>
      answer(reply, await accounts.changePassword(request.raw, principal, body)),
    lookAtInvitation: ({ request, body }) => accounts.lookAtInvitation(request.raw, body.secret),
    acceptInvitation: async ({ request, reply, body }) =>
      answer(reply, await accounts.acceptInvitation(request.raw, body)),
    openShare: async ({ request, reply, body }) =>
      answer(reply, await accounts.openShare(request.raw, body.secret)),
    createTicket: ({ principal, body }) => createTicket(store, principal, body, clock.now()),
  };
}
