/** The cookies of the server: invisible to scripts, sent along by its own pages alone. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** 0 removes it. */
  readonly seconds: number;
  /** Lax: also when another site leads here, as an identity provider does. */
  readonly sameSite?: 'Strict' | 'Lax';
}

export type CookieKind = 'user' | 'share' | 'oidc';

/** Browsers give `__Host-` cookies to no other host and take them over TLS alone. */
export function cookieName(kind: CookieKind, secure: boolean): string {
  return secure ? `__Host-anneal_${kind}` : `anneal_${kind}`;
}

export function cookieText({ name, value, seconds, sameSite = 'Strict' }: Cookie, secure: boolean): string {
  const parts = [`${name}=${value}`, 'Path=/', `Max-Age=${seconds}`, 'HttpOnly', `SameSite=${sameSite}`];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

/** The value of a cookie, null where it is missing. Of several of one name the first counts. */
export function readCookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const [key = '', ...value] = part.split('=');
    if (key.trim() === name) return value.join('=').trim();
  }
  return null;
}
