import { z } from 'zod';
import { operation } from './operation.ts';

/** Where somebody is signed in. Only his own: nobody sees those of others, an owner neither. */

/** Of the hash of a session's secret: enough to tell one from another, and nothing that opens one. */
export const SESSION_ID_LENGTH = 16;
const sessionIdSchema = z
  .string()
  .regex(new RegExp(`^[0-9a-f]{${SESSION_ID_LENGTH}}$`))
  .meta({ description: 'Names a session; it opens nothing.' });

const time = z.number().int().meta({ description: 'Milliseconds since 1970 UTC.' });
const ownSessionSchema = z
  .object({
    id: sessionIdSchema,
    current: z.boolean().meta({ description: 'The one that asks.' }),
    agent: z.string().nullable().meta({ description: 'What the browser called itself; null: not known.' }),
    created: time,
    used: time.nullable().meta({
      description: 'When it was last used, to a few minutes; null: not since it began, or not known.',
    }),
    expires: time,
  })
  .meta({ id: 'OwnSession' });
export type OwnSession = z.infer<typeof ownSessionSchema>;

const nothing = z.object({});
const ended = z.object({ ended: z.number().int() });

export const sessionOperations = {
  listSessions: operation({
    method: 'GET',
    path: '/sessions',
    summary: 'Where one is signed in, the session that was used last first; the newest 100',
    action: 'self',
    params: nothing,
    query: nothing,
    body: null,
    response: z.object({ sessions: z.array(ownSessionSchema) }),
    success: [200],
    errors: ['notSignedIn', 'forbidden', 'signInOff'],
  }),
  endSession: operation({
    method: 'DELETE',
    path: '/sessions/{session}',
    summary: "End one of one's own sessions; sockets that it opened close at once",
    action: 'self',
    params: z.object({ session: sessionIdSchema }),
    query: nothing,
    body: null,
    response: ended,
    success: [200],
    errors: ['badRequest', 'notSignedIn', 'forbidden', 'accessNotFound', 'signInOff'],
  }),
  endOtherSessions: operation({
    method: 'DELETE',
    path: '/sessions',
    summary: 'End all sessions of oneself but the one that asks',
    action: 'self',
    params: nothing,
    query: nothing,
    body: null,
    response: ended,
    success: [200],
    errors: ['notSignedIn', 'forbidden', 'signInOff'],
  }),
};
