import type { FastifyInstance } from 'fastify';
import type { Access } from '../access/access.ts';
import type { Accounts } from '../access/accounts.ts';
import { cookieName, cookieText, readCookie } from '../access/cookies.ts';
import type { Oidc } from '../access/oidc.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { signInLine } from '../audit/operations.ts';

/** Where the studio sends a browser to sign in elsewhere, and where the provider sends it back to. */
export const OIDC_PATH = '/signin/oidc';
const CALLBACK_PATH = `${OIDC_PATH}/callback`;

/** The provider's page is open this long at most. */
const SECONDS = 600;

/**
 * Pages, not operations: browsers navigate to them, the second time from another site. Whatever fails leads back
 * to the studio, whose address says so behind its #.
 */
export function registerOidc(
  app: FastifyInstance,
  {
    oidc,
    access,
    accounts,
    audit,
    url,
    log,
  }: {
    readonly oidc: Oidc;
    readonly access: Access;
    readonly accounts: Accounts;
    readonly audit: AuditLog;
    readonly url: () => string;
    readonly log: (line: string) => void;
  },
): void {
  const name = cookieName('oidc', access.secure);
  const keep = (value: string, seconds: number): string =>
    cookieText({ name, value, seconds, sameSite: 'Lax' }, access.secure);
  const failed = (error: unknown): string => {
    log(
      `Sign-in at ${oidc.options.issuer} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    return '/#sign-in-failed';
  };

  app.get(OIDC_PATH, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    try {
      const { url: there, checks } = await oidc.begin(`${url()}${CALLBACK_PATH}`);
      return reply.header('set-cookie', keep(checks, SECONDS)).redirect(there.href);
    } catch (error) {
      return reply.redirect(failed(error));
    }
  });

  app.get(CALLBACK_PATH, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('set-cookie', keep('', 0));
    try {
      const kept = readCookie(request.headers.cookie, name);
      if (kept === null) throw new Error('This browser did not begin it, or too long ago');
      const identity = await oidc.finish(new URL(request.url, url()), kept);
      const { cookies, principal } = await accounts.signInAs(request.raw, identity);
      await audit.record(signInLine({ principal }, oidc.options.issuer));
      for (const cookie of cookies) reply.header('set-cookie', cookie);
      return reply.redirect('/');
    } catch (error) {
      await audit.note(signInLine({ error }, oidc.options.issuer));
      return reply.redirect(failed(error));
    }
  });
}
