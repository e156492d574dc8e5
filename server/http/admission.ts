import type { FastifyRequest } from 'fastify';
import type { Role } from '../../src/domain/access/roles.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import type { Place } from '../store/requests/access.ts';
import { parse } from './parse.ts';

/** A request that may be answered, as far as its head tells. */
export interface Admitted {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly principal: Principal | null;
  readonly role: Role | null;
  readonly workspace: string | null;
  /** What the role is for; null where none is asked for. */
  readonly place: Place | null;
}

/**
 * The check before every operation: who asks, whether his own page asks, and whether his role allows it where
 * the address says. Strangers learn nothing beyond that they are strangers, not even whether an address is right.
 */
export async function admit(
  operation: Operation,
  request: FastifyRequest,
  access: Access,
): Promise<Admitted> {
  const { action } = operation;
  const principal = action === 'public' ? null : await access.authenticate(request.raw);
  if (action !== 'public' && principal === null) throw protocolErrors.notSignedIn();
  mustComeFromOwnPage(request);
  const params = parse(operation.params, request.params, 'the address');
  const query = parse(operation.query, request.query, 'the query');
  const nowhere = { params, query, principal, role: null, workspace: null, place: null };
  if (action === 'public' || action === 'self' || principal === null || operation.target === 'body') {
    return nowhere;
  }
  const place = placeIn(params) ?? placeIn(query) ?? { workspace: await access.workspaceOf(principal) };
  return { ...nowhere, place, ...(await access.admit(principal, action, place)) };
}

/** For operations whose body says where. */
export async function admitByBody(
  { action }: Operation,
  before: Admitted,
  body: unknown,
  access: Access,
): Promise<Admitted> {
  const place = placeIn((body ?? {}) as Readonly<Record<string, unknown>>);
  if (before.principal === null || place === null || action === 'public' || action === 'self') {
    throw protocolErrors.internal({ message: 'An operation does not say where it happens' });
  }
  return { ...before, place, ...(await access.admit(before.principal, action, place)) };
}

/** For what takes long: throws what he would get who asked now. */
export async function admitAgain(
  { action }: Operation,
  { principal, place }: Admitted,
  access: Access,
): Promise<void> {
  if (action === 'public' || action === 'self' || principal === null || place === null) return;
  await access.admit(principal, action, place);
}

function placeIn({ project, workspace }: Readonly<Record<string, unknown>>): Place | null {
  if (typeof project === 'string') return { project };
  return typeof workspace === 'string' ? { workspace } : null;
}

/**
 * Browsers say of every request that changes something where it comes from; the guard has refused foreign pages.
 * One that carries a cookie and does not say is none that a page of ours made.
 */
function mustComeFromOwnPage({ method, headers }: FastifyRequest): void {
  if (headers.cookie === undefined || method === 'GET' || method === 'HEAD') return;
  if (headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin') return;
  throw protocolErrors.foreignOrigin({
    where: method,
    message: 'A request with a cookie says which page it comes from (Origin)',
  });
}
