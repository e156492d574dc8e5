import { parseSyncPath } from '../../src/protocol/sync.ts';
import type { Store } from '../store/store.ts';
import type { Principal } from './principal.ts';
import { hashOfSecret, newSecret } from './secrets.ts';

/** Long enough for a slow connection, too short for a log to be of use. */
export const TICKET_MS = 60_000;

export interface Ticket {
  readonly ticket: string;
  readonly expires: number;
}

/** For one socket in one document: what a browser's WebSocket can carry is seen by more eyes than a cookie. */
export async function createTicket(
  store: Store,
  principal: Principal,
  room: { readonly project: string; readonly path: string },
  now: number,
): Promise<Ticket> {
  const ticket = newSecret();
  const expires = now + TICKET_MS;
  const { project, path } = room;
  const row = {
    hash: hashOfSecret(ticket),
    principal: JSON.stringify(principal),
    project,
    path,
    expires,
    now,
  };
  await store.call('createTicket', row);
  return { ticket, expires };
}

/** Uses it up. Null where it is none, too old, or for another document. */
export async function takeTicket(
  store: Store,
  ticket: string,
  url: string,
  now: number,
): Promise<Principal | null> {
  const room = parseSyncPath(url);
  const taken = await store.call('takeTicket', { hash: hashOfSecret(ticket), now });
  if (room === null || taken === null) return null;
  const fits = taken.project === room.project && taken.path === room.path;
  return fits ? (JSON.parse(taken.principal) as Principal) : null;
}
