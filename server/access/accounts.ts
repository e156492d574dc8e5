import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Session } from '../../src/protocol/http/access.ts';
import { clientAddress, networkOf } from '../http/client-address.ts';
import type { NewUser } from '../store/requests/access.ts';
import type { Store } from '../store/store.ts';
import type { Access } from './access.ts';
import { type CookieKind, cookieName, cookieText } from './cookies.ts';
import type { Identity } from './oidc.ts';
import { agentOf } from './own-sessions.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { HOME_WORKSPACE, type Principal, personIdOf } from './principal.ts';
import { hashOfSecret, newId, newSecret } from './secrets.ts';
import type { Allowance, Throttle } from './throttle.ts';
import { foldName, providedName } from './user-name.ts';

const SESSION_MS = 30 * 24 * 3600 * 1000;
const MINUTE_MS = 60_000;

/** Who is signed in now, and the Set-Cookie lines that make it so. */
export interface SignedIn {
  readonly principal: Principal | null;
  readonly cookies: readonly string[];
}

/** Where browsers sign in with an identity provider. */
export interface OidcEntry {
  readonly name: string;
  readonly path: string;
}

/** Signing in by whatever way, and out. Errors are those of the operations in src/protocol/http/access.ts. */
export class Accounts {
  readonly #store: Store;
  readonly #access: Access;
  readonly #clock: Clock;
  readonly #throttle: Throttle;
  readonly #oidc: OidcEntry | null;
  /** Behind a proxy on this machine, the address of who asks is what the proxy says. */
  readonly #behindProxy: boolean;

  constructor(
    store: Store,
    access: Access,
    clock: Clock,
    options: { readonly oidc: OidcEntry | null; readonly behindProxy: boolean; readonly throttle: Throttle },
  ) {
    this.#store = store;
    this.#access = access;
    this.#clock = clock;
    this.#throttle = options.throttle;
    this.#oidc = options.oidc;
    this.#behindProxy = options.behindProxy;
  }

  async describe(principal: Principal | null): Promise<Session> {
    const grant = principal === null ? null : await this.#access.grantOf(principal);
    const on = this.#access.mode === 'on';
    return {
      auth: this.#access.mode,
      principal:
        principal === null
          ? null
          : {
              kind: principal.kind,
              id: principal.kind === 'share' ? personIdOf(principal) : principal.id,
              name: principal.name,
            },
      workspaces: principal === null ? [] : (await this.#access.workspacesOf(principal)).map(brief),
      guest:
        grant === null
          ? null
          : {
              workspace: grant.workspace,
              workspaceName: grant.workspaceName,
              project: grant.project,
              role: grant.role,
            },
      signIn: { oidc: this.#oidc },
      ownerMissing: on && !(await this.#store.call('hasOwner', { workspace: HOME_WORKSPACE })),
    };
  }

  async signIn(
    request: IncomingMessage,
    { name, password }: { readonly name: string; readonly password: string },
  ): Promise<SignedIn> {
    this.#mustBeOn();
    const folded = foldName(name);
    const user = await this.#guarded(request, folded, async () => {
      const found = await this.#store.call('findUser', { folded });
      const right = await verifyPassword(password, found?.password ?? null);
      return right ? found : null;
    });
    if (user === null) throw protocolErrors.wrongCredentials();
    return this.startSession(request, user);
  }

  /** For somebody whom an identity provider has named; the first time makes his account. */
  async signInAs(request: IncomingMessage, { issuer, subject, name }: Identity): Promise<SignedIn> {
    this.#mustBeOn();
    const id = newId('u');
    const wish = { id, name, folded: providedName(id), password: null };
    const created = this.#clock.now();
    const known = await this.#store.call('userOfIdentity', { issuer, subject, wish, created });
    const user = known === null ? null : await this.#store.call('userById', known);
    if (user === null) throw protocolErrors.wrongCredentials({ message: 'This account has been disabled' });
    return this.startSession(request, user);
  }

  /** For a user who has proved who he is. */
  async startSession(
    request: IncomingMessage,
    user: { readonly id: string; readonly name: string },
  ): Promise<SignedIn> {
    const { cookie, hash } = await this.#begin(request, 'user', { user: user.id, share: null }, SESSION_MS);
    const share = (await this.#access.authenticate(request)) ?? null;
    const shareId = share?.kind === 'share' ? share.id : share?.share;
    const principal: Principal = {
      kind: 'user',
      id: user.id,
      name: user.name,
      scopes: null,
      session: hash,
      ...(shareId === undefined ? {} : { share: shareId }),
    };
    return { principal, cookies: [cookie] };
  }

  async signOut(request: IncomingMessage): Promise<SignedIn> {
    const ended = await this.#store.call('endSessions', this.#access.sessionsOf(request));
    for (const session of ended) this.#access.changed({ session });
    return { principal: null, cookies: [this.#removal('user'), this.#removal('share')] };
  }

  async changePassword(
    request: IncomingMessage,
    principal: Principal,
    { current, password }: { readonly current: string; readonly password: string },
  ): Promise<SignedIn> {
    this.#mustBeOn();
    if (principal.kind !== 'user')
      throw protocolErrors.forbidden({ message: 'Keys and links have no password' });
    const right = await this.#guarded(request, principal.id, async () => {
      const user = await this.#store.call('userById', principal.id);
      return (await verifyPassword(current, user?.password ?? null)) ? user : null;
    });
    if (right === null) throw protocolErrors.wrongCredentials();
    const keep = principal.session ?? null;
    await this.#store.call('setPassword', {
      user: principal.id,
      password: await hashPassword(password),
      keep,
    });
    this.#access.changed({ user: principal.id });
    return { principal, cookies: [] };
  }

  async lookAtInvitation(request: IncomingMessage, secret: string) {
    this.#mustBeOn();
    const hash = hashOfSecret(secret);
    const found = await this.#guarded(request, null, () =>
      this.#store.call('findInvitation', { hash, now: this.#clock.now() }),
    );
    if (found === null) throw protocolErrors.linkInvalid();
    const { workspace: id, workspaceName: name, role, expires } = found;
    return { workspace: { id, name }, role, expires };
  }

  async acceptInvitation(
    request: IncomingMessage,
    {
      secret,
      account,
    }: {
      readonly secret: string;
      readonly account: { readonly name: string; readonly password: string } | null;
    },
  ): Promise<SignedIn> {
    await this.lookAtInvitation(request, secret); // a password is derived only for who has a link
    const hash = hashOfSecret(secret);
    if (account === null) {
      const principal = await this.#access.authenticate(request);
      if (principal?.kind !== 'user') throw protocolErrors.notSignedIn();
      const joined = await this.#accept(hash, { id: principal.id });
      return { principal: { ...principal, name: joined?.name ?? principal.name }, cookies: [] };
    }
    const { name } = account;
    const password = await hashPassword(account.password);
    const user = { id: newId('u'), name, folded: foldName(name), password };
    // A name that is taken counts as an attempt: who holds one invitation could try all names by it.
    const joined = await this.#guarded(request, null, () => this.#accept(hash, user));
    if (joined === null) throw protocolErrors.nameTaken();
    return this.startSession(request, joined);
  }

  async openShare(request: IncomingMessage, secret: string): Promise<SignedIn> {
    this.#mustBeOn();
    const now = this.#clock.now();
    const grant = await this.#guarded(request, null, () =>
      this.#store.call('findShare', { hash: hashOfSecret(secret), now }),
    );
    if (grant === null) throw protocolErrors.linkInvalid();
    const { cookie, hash } = await this.#begin(request, 'share', { user: null, share: grant.id }, SESSION_MS);
    const before = await this.#access.authenticate(request);
    const principal: Principal =
      before?.kind === 'user'
        ? { ...before, share: grant.id }
        : {
            kind: 'share',
            id: grant.id,
            name: grant.name,
            workspace: grant.workspace,
            session: hash,
            scopes: null,
          };
    return { principal, cookies: [cookie] };
  }

  /** Who he is then; null where the name is taken. */
  async #accept(hash: string, who: { readonly id: string } | NewUser) {
    const accepted = await this.#store.call('acceptInvitation', { hash, now: this.#clock.now(), who });
    if (accepted === 'invalid') throw protocolErrors.linkInvalid();
    if (accepted === 'taken') return null;
    this.#access.changed({ workspace: accepted.workspace });
    return { id: who.id, name: accepted.name };
  }

  /** A new session in the place of the one that the request came with: an old cookie is worth nothing afterwards. */
  async #begin(
    request: IncomingMessage,
    kind: 'user' | 'share',
    who: { readonly user: string | null; readonly share: string | null },
    lastingMs: number,
  ): Promise<{ readonly cookie: string; readonly hash: string }> {
    const secret = newSecret();
    const hash = hashOfSecret(secret);
    const created = this.#clock.now();
    await this.#store.call('replaceSession', {
      old: this.#access.sessionOf(request, kind),
      session: {
        hash,
        ...who,
        created,
        expires: created + lastingMs,
        agent: agentOf(request.headers['user-agent']),
        used: created,
      },
    });
    const { secure } = this.#access;
    const cookie = { name: cookieName(kind, secure), value: secret, seconds: lastingMs / 1000 };
    return { cookie: cookieText(cookie, secure), hash };
  }

  #removal(kind: CookieKind): string {
    const { secure } = this.#access;
    return cookieText({ name: cookieName(kind, secure), value: '', seconds: 0 }, secure);
  }

  /** Runs an attempt that counts against its name and address unless it succeeds. */
  async #guarded<T>(request: IncomingMessage, name: string | null, attempt: () => Promise<T | null>) {
    const address = networkOf(clientAddress(request, this.#behindProxy));
    const keys = new Map<string, Allowance>([[`address ${address}`, { burst: 30, everyMs: MINUTE_MS / 2 }]]);
    if (name !== null) {
      // By both, so that a stranger cannot lock anybody out; by the name alone, against many strangers.
      keys.set(`both ${address} ${name}`, { burst: 8, everyMs: MINUTE_MS });
      keys.set(`name ${name}`, { burst: 100, everyMs: MINUTE_MS / 4 });
    }
    this.#throttle.take(keys);
    const outcome = await attempt();
    if (outcome !== null) this.#throttle.giveBack(keys);
    return outcome;
  }

  #mustBeOn(): void {
    if (this.#access.mode === 'off') throw protocolErrors.signInOff();
  }
}

function brief({ id, name, role }: Session['workspaces'][number]): Session['workspaces'][number] {
  return { id, name, role };
}
