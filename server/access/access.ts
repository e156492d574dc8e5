import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../src/base/clock.ts';
import type { Disposable } from '../../src/base/disposable.ts';
import { type Action, can, covers, limited, type Role } from '../../src/domain/access/roles.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Project } from '../../src/protocol/http/projects.ts';
import type { Workspace } from '../../src/protocol/http/workspaces.ts';
import { Remembered } from '../store/remembered.ts';
import type { Grant, Place, Standing } from '../store/requests/access.ts';
import type { Store } from '../store/store.ts';
import { cookieName, readCookie } from './cookies.ts';
import { HOME_WORKSPACE, localPrincipal, type Principal } from './principal.ts';
import { hashOfSecret } from './secrets.ts';
import type { SignInMode } from './sign-in-mode.ts';
import { takeTicket } from './tickets.ts';

/** Whose role may have changed: as narrow as can be, since all whom it names are asked for anew. */
export type RoleChange =
  /** Members, keys or links of a workspace. */
  | { readonly workspace: string }
  /** Somebody's other sessions have ended. */
  | { readonly user: string }
  /** A session, by its hash, has ended. */
  | { readonly session: string }
  /** Something may have been missed. */
  | 'anything';

/** Whether somebody in a workspace is named by a change. */
export function concerns(change: RoleChange, principal: Principal, workspace: string): boolean {
  if (change === 'anything') return true;
  if ('workspace' in change) return change.workspace === workspace;
  if ('user' in change) return change.user === principal.id;
  return change.session === principal.session;
}

export interface Admission {
  readonly workspace: string;
  readonly role: Role;
}

/** So often at most it is noted that a session is used: a write, which each request would otherwise be. */
const USED_MS = 5 * 60_000;

/** With sign-in off all that is asked is in which workspace a project is, and that does not change. */
const PROJECT_MS = 1_000;

/**
 * Who asks, and what he may do. Of those who sign in nothing is remembered between two questions: a change counts
 * at once.
 */
export class Access {
  readonly mode: SignInMode;
  /** Whether browsers reach the server over TLS, so that its cookies are bound to it. */
  readonly secure: boolean;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #projects: Remembered<Project>;
  readonly #listeners = new Set<(change: RoleChange) => void>();
  /** Those whose use is being written down. */
  readonly #touched = new Set<string>();
  readonly #asked = new WeakMap<IncomingMessage, Promise<Principal | null>>();

  constructor(
    store: Store,
    clock: Clock,
    { mode, secure }: { readonly mode: SignInMode; readonly secure: boolean },
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#projects = new Remembered((id) => store.call('getProject', id), clock, PROJECT_MS);
    this.mode = mode;
    this.secure = secure;
  }

  /** Null: not signed in. Sockets need a ticket or a key: a cookie alone opens none. */
  authenticate(request: IncomingMessage): Promise<Principal | null> {
    if (this.mode === 'off') return Promise.resolve(localPrincipal);
    const known = this.#asked.get(request);
    if (known !== undefined) return known; // a ticket is taken once
    const asked = this.#authenticate(request);
    this.#asked.set(request, asked);
    return asked;
  }

  /** The role in a workspace or a project, as far as a key's scopes reach; null for outsiders. */
  async roleIn(principal: Principal, place: string | Place): Promise<Role | null> {
    const where = typeof place === 'string' ? { workspace: place } : place;
    return (await this.standing(principal, where))?.role ?? null;
  }

  /** The same, and in which workspace that is. */
  async standing(principal: Principal, place: Place): Promise<Admission | null> {
    const { workspace, role: whole } = await this.#standing(principal, place);
    const role = whole === null ? null : limited(whole, principal.scopes);
    return workspace === null || role === null ? null : { workspace, role };
  }

  /** By what the store says which role somebody has. */
  asked(principal: Principal): { readonly who: Standing; readonly now: number } {
    const who = {
      user: principal.kind === 'user' ? principal.id : (principal.user ?? null),
      share: principal.kind === 'share' ? principal.id : (principal.share ?? null),
      key: principal.kind === 'key' ? principal.id : null,
      session: principal.session ?? null,
    };
    return { who, now: this.#clock.now() };
  }

  /** Throws what outsiders get (projectNotFound, workspaceNotFound), or forbidden for those who are in it. */
  async require(principal: Principal, action: Action, place: Place): Promise<Role> {
    return (await this.admit(principal, action, place)).role;
  }

  async admit(principal: Principal, action: Action, place: Place): Promise<Admission> {
    const { workspace, role } = await this.#standing(principal, place);
    if (workspace === null || role === null) {
      throw 'project' in place
        ? protocolErrors.projectNotFound({ where: place.project })
        : protocolErrors.workspaceNotFound({ where: place.workspace });
    }
    if (!can(role, action)) {
      throw protocolErrors.forbidden({
        message: `A ${role} may not do this (${action})`,
        data: { role, action },
      });
    }
    if (!covers(principal.scopes, action)) {
      throw protocolErrors.forbidden({
        message: `The key's scopes do not cover this (${action})`,
        data: { role, action, scopes: principal.scopes },
      });
    }
    return { workspace, role: limited(role, principal.scopes) ?? 'viewer' };
  }

  /** Where somebody works who names no workspace: the first that he joined. Throws workspaceNotFound. */
  async workspaceOf(principal: Principal): Promise<string> {
    if (principal.kind === 'local') return HOME_WORKSPACE;
    const workspace = principal.workspace ?? (await this.workspacesOf(principal))[0]?.id;
    if (workspace === undefined) throw protocolErrors.workspaceNotFound();
    return workspace;
  }

  /** Those of which he sees everything; where a share link leads is not among them if it is one project. */
  async workspacesOf(principal: Principal): Promise<Workspace[]> {
    const user = principal.kind === 'user' ? principal.id : principal.user;
    if (user !== undefined) {
      const all = await this.#store.call('workspacesOf', { user });
      return all.flatMap((workspace) => {
        const role = limited(workspace.role, principal.scopes);
        const inside = principal.workspace === undefined || principal.workspace === workspace.id;
        return inside && role !== null ? [{ ...workspace, role }] : [];
      });
    }
    const { workspace } = principal;
    const id = principal.kind === 'local' ? HOME_WORKSPACE : workspace;
    const role = id === undefined ? null : await this.roleIn(principal, id);
    const found = id === undefined || role === null ? null : await this.#store.call('getWorkspace', id);
    return found === null || role === null ? [] : [{ ...found, role }];
  }

  /** What the share link that was opened leads to. */
  async grantOf(principal: Principal): Promise<Grant | null> {
    const id = principal.kind === 'share' ? principal.id : principal.share;
    return id === undefined ? null : this.#store.call('shareById', { id, now: this.#clock.now() });
  }

  /** Whoever keeps a connection open asks again when it changed: roles, keys, links, sessions. */
  onChange(listener: (change: RoleChange) => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  changed(change: RoleChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  async #standing(
    principal: Principal,
    place: Place,
  ): Promise<{ readonly workspace: string | null; readonly role: Role | null }> {
    if (principal.kind === 'local' && 'project' in place) {
      const workspace = (await this.#projects.get(place.project))?.workspace ?? null;
      return { workspace, role: workspace === HOME_WORKSPACE ? 'owner' : null };
    }
    const found = await this.#store.call('roleIn', { ...this.asked(principal), place });
    const { workspace } = found;
    if (principal.kind === 'local') return { workspace, role: workspace === HOME_WORKSPACE ? 'owner' : null };
    const outside = principal.workspace !== undefined && principal.workspace !== workspace;
    return outside ? { workspace, role: null } : found;
  }

  async #authenticate(request: IncomingMessage): Promise<Principal | null> {
    const { authorization, upgrade } = request.headers;
    const bearer = /^Bearer ([\w-]{1,256})$/i.exec(authorization ?? '')?.[1];
    if (bearer !== undefined) return this.#byKey(bearer);
    if (upgrade !== undefined) return this.#bySocket(request);
    return this.#byCookies(request);
  }

  async #bySocket(request: IncomingMessage): Promise<Principal | null> {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim());
    for (const text of offered) {
      const [, kind, secret = ''] = /^anneal\.(ticket|key)\.([\w-]{1,256})$/.exec(text) ?? [];
      if (kind === 'ticket') return takeTicket(this.#store, secret, request.url ?? '', this.#clock.now());
      if (kind === 'key') return this.#byKey(secret);
    }
    const key = /[?&]key=([\w-]{1,256})(&|$)/.exec(request.url ?? '')?.[1];
    return key === undefined ? null : this.#byKey(key);
  }

  async #byKey(secret: string): Promise<Principal | null> {
    const found = await this.#store.call('findKey', { hash: hashOfSecret(secret), now: this.#clock.now() });
    if (found === null) return null;
    const { id, user, userName: name, workspace, scopes } = found;
    return { kind: 'key', id, user, name, workspace, scopes };
  }

  async #byCookies(request: IncomingMessage): Promise<Principal | null> {
    const hashes = this.sessionsOf(request);
    const now = this.#clock.now();
    const { user, share } = await this.#store.call('findSessions', { hashes, now });
    if (user !== null) {
      const { session, used, ...rest } = user;
      if (now - used >= USED_MS) this.#touch(session, now);
      return {
        kind: 'user',
        ...rest,
        session,
        scopes: null,
        ...(share === null ? {} : { share: share.id }),
      };
    }
    if (share === null) return null;
    const { id, name, workspace, session } = share;
    return { kind: 'share', id, name, workspace, session, scopes: null };
  }

  /** Not waited for: that a session was used is told to its owner alone. */
  #touch(hash: string, now: number): void {
    if (this.#touched.has(hash)) return;
    this.#touched.add(hash);
    this.#store
      .call('touchSession', { hash, now })
      .catch(() => undefined) // the next request notes it
      .finally(() => this.#touched.delete(hash));
  }

  /** Hashes of the sessions that a request's cookies name. */
  sessionsOf(request: IncomingMessage): string[] {
    return (['user', 'share'] as const).flatMap((kind) => this.sessionOf(request, kind) ?? []);
  }

  sessionOf(request: IncomingMessage, kind: 'user' | 'share'): string | null {
    const secret = readCookie(request.headers.cookie, cookieName(kind, this.secure));
    return secret === null ? null : hashOfSecret(secret);
  }
}
