import * as client from 'openid-client';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { serverErrors } from '../errors.ts';

export interface OidcOptions {
  /** Below it there is /.well-known/openid-configuration. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, which proves itself by PKCE alone. */
  readonly clientSecret: string | null;
  /**
   * Whose verified addresses may sign in, `*` for anybody's; they may make workspaces. Null: anybody may sign in,
   * and can do nothing before somebody has invited him.
   */
  readonly domains: readonly string[] | null;
  /** What the button says. */
  readonly name: string;
}

/** Who somebody is, as the provider says. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
}

/** What must come back unchanged, kept by the browser that began. */
interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Sign-in by OpenID Connect: the authorization code flow with PKCE, state and nonce. */
export class Oidc {
  readonly options: OidcOptions;
  #configuration: Promise<client.Configuration> | null = null;

  constructor(options: OidcOptions) {
    this.options = options;
  }

  /** Where to send the browser, and what it is to keep meanwhile. Errors: identityProvider. */
  async begin(callback: string): Promise<{ readonly url: URL; readonly checks: string }> {
    const configuration = await this.#discover();
    const checks: Checks = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: callback,
      scope: this.#asksAddress ? 'openid profile email' : 'openid profile',
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
      code_challenge_method: 'S256',
    });
    return { url, checks: Buffer.from(JSON.stringify(checks)).toString('base64url') };
  }

  /** Rejects when anything about the answer is not as it must be. Errors: notInvited, identityProvider. */
  async finish(url: URL, kept: string): Promise<Identity> {
    const configuration = await this.#discover();
    const checks = JSON.parse(Buffer.from(kept, 'base64url').toString()) as Checks;
    const tokens = await client.authorizationCodeGrant(configuration, url, {
      expectedState: checks.state,
      expectedNonce: checks.nonce,
      pkceCodeVerifier: checks.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('The provider sent no ID token');
    const { iss, sub, name, preferred_username } = claims;
    if (this.#asksAddress) {
      const said =
        claims.email !== undefined || configuration.serverMetadata().userinfo_endpoint === undefined
          ? claims
          : await client.fetchUserInfo(configuration, tokens.access_token, sub);
      this.#mustBeWelcome(said);
    }
    return { issuer: iss, subject: sub, name: nameFrom(name, preferred_username) };
  }

  get #asksAddress(): boolean {
    const { domains } = this.options;
    return domains !== null && !domains.includes('*');
  }

  /** What the provider has not verified, anybody can have written there. */
  #mustBeWelcome({ email, email_verified }: Readonly<Record<string, unknown>>): void {
    const domain = typeof email === 'string' ? email.slice(email.lastIndexOf('@') + 1).toLowerCase() : '';
    if (email_verified === true && this.options.domains?.includes(domain) === true) return;
    throw protocolErrors.notInvited({ message: 'This account is of none of the domains that are let in' });
  }

  /** Asked when somebody signs in first: the provider may start after the server. What failed is tried again. */
  #discover(): Promise<client.Configuration> {
    this.#configuration ??= this.#ask().catch((cause: unknown) => {
      this.#configuration = null;
      throw serverErrors.identityProvider({ where: this.options.issuer, cause });
    });
    return this.#configuration;
  }

  async #ask(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    const server = new URL(issuer);
    // Only a provider on this very machine may be asked without TLS.
    const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(server.hostname);
    const authentication = clientSecret === null ? client.None() : client.ClientSecretPost(clientSecret);
    return client.discovery(server, clientId, undefined, authentication, {
      execute: [client.enableNonRepudiationChecks, ...(isLocal ? [client.allowInsecureRequests] : [])],
    });
  }
}

function nameFrom(...claims: readonly unknown[]): string {
  const found = claims.find((claim) => typeof claim === 'string' && claim.trim() !== '') ?? 'Somebody';
  const plain = String(found)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return [...plain.trim()].slice(0, 48).join('').trim() || 'Somebody';
}
