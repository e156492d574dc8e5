import { serverErrors } from '../errors.ts';
import type { TlsFiles } from '../tls.ts';
import type { OidcOptions } from './oidc.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The identity provider that ANNEAL_OIDC_* name; null where none does. Errors: badOption. */
export function oidcOptions(environment: Environment): OidcOptions | null {
  const { ANNEAL_OIDC_ISSUER: issuer, ANNEAL_OIDC_CLIENT_ID: clientId } = environment;
  if (!issuer) return null;
  if (!clientId) throw missing('ANNEAL_OIDC_CLIENT_ID', 'ANNEAL_OIDC_ISSUER');
  if (!URL.canParse(issuer)) {
    throw serverErrors.badOption({
      where: 'ANNEAL_OIDC_ISSUER',
      message: 'ANNEAL_OIDC_ISSUER is the address of an identity provider',
    });
  }
  return {
    issuer,
    clientId,
    clientSecret: environment.ANNEAL_OIDC_CLIENT_SECRET || null,
    domains: domainsIn(environment.ANNEAL_OIDC_DOMAINS),
    name: environment.ANNEAL_OIDC_NAME || new URL(issuer).hostname,
  };
}

function domainsIn(text: string | undefined): readonly string[] | null {
  const domains = (text ?? '').split(',').flatMap((part) => part.trim().toLowerCase() || []);
  const wrong = domains.find((domain) => domain !== '*' && !/^[^\s@*]+\.[^\s@*]+$/.test(domain));
  if (wrong === undefined) return domains.length === 0 ? null : domains;
  throw serverErrors.badOption({
    where: 'ANNEAL_OIDC_DOMAINS',
    message: `ANNEAL_OIDC_DOMAINS takes domains such as example.org,example.com, or *, not "${wrong}"`,
  });
}

/** Errors: badOption where only one of the two is named. */
export function tlsOptions(cert: string | undefined, key: string | undefined): TlsFiles | null {
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined) throw missing('--tls-cert', '--tls-key');
  if (key === undefined) throw missing('--tls-key', '--tls-cert');
  return { cert, key };
}

function missing(what: string, beside: string) {
  return serverErrors.badOption({ where: what, message: `${beside} needs ${what} beside it` });
}
