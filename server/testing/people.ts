import type { ErrorFacts } from '../../src/base/error.ts';
import type { Role } from '../../src/domain/access/roles.ts';
import type { Session } from '../../src/protocol/http/access.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import type { RunningServer } from '../options.ts';

export interface Reply<T = unknown> {
  readonly status: number;
  readonly value: T;
  readonly headers: Headers;
}

/** Somebody's browser: keeps cookies, and says of every request which page it comes from. */
export class Browser {
  readonly url: string;
  readonly cookies = new Map<string, string>();

  constructor(url: string) {
    this.url = url;
  }

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) headers.set('cookie', this.cookie);
    if (!headers.has('origin')) headers.set('origin', new URL(this.url).origin);
    const response = await fetch(new URL(path, this.url), { redirect: 'manual', ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0(;|$)/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<Reply<T>> {
    const response = await this.fetch(`${API_PREFIX}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return {
      status: response.status,
      value: (text === '' ? null : JSON.parse(text)) as T,
      headers: response.headers,
    };
  }

  /** What comes back where it is certain that all is well. */
  async get<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, value } = await this.call<T>(method, path, body);
    if (status >= 400) {
      const { code, message } = value as ErrorFacts;
      throw new Error(`${method} ${path}: ${status} ${code} ${message}`);
    }
    return value;
  }

  session(): Promise<Session> {
    return this.get('GET', '/session');
  }
}

export const PASSWORD = 'correct horse battery staple';

/** The owner of a new server, signed in. */
export async function ownerOf(server: Pick<RunningServer, 'url' | 'ownerLink'>): Promise<Browser> {
  const browser = new Browser(server.url);
  await accept(browser, server.ownerLink?.split('#')[1] ?? '', 'Olive');
  return browser;
}

/** A new member of a workspace of the owner, signed in. */
export async function memberOf(
  owner: Browser,
  name: string,
  role: Role,
  workspace = 'home',
): Promise<Browser> {
  const { secret } = await owner.get<{ secret: string }>('POST', `/workspaces/${workspace}/invitations`, {
    role,
  });
  const browser = new Browser(owner.url);
  await accept(browser, secret, name);
  return browser;
}

async function accept(browser: Browser, secret: string, name: string): Promise<void> {
  const account = { name, password: PASSWORD };
  await browser.get<Session>('POST', '/invitations/accept', { secret, account });
}
