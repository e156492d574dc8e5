import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export interface IdentityProvider {
  readonly issuer: string;
  /** Who signs in next. */
  person: { sub: string; name: string };
  /** What the next ID token says differently, and whose key signs it. */
  lie: { readonly claims?: JWTPayload; readonly foreignKey?: boolean };
  /** Follows an authorization address as the browser of that person, and answers with where it leads back to. */
  visit(authorization: string): Promise<string>;
}

export const CLIENT = { clientId: 'anneal', clientSecret: 'the secret of the client' } as const;

/** A small but real OpenID provider: discovery, keys, the code flow with PKCE, signed ID tokens. */
export async function identityProvider(): Promise<IdentityProvider> {
  const key = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const codes = new Map<string, URLSearchParams>();
  const server = createServer((request, response) => {
    answer(request).then(
      (reply) => {
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
        response.end(JSON.stringify(reply.body ?? {}));
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: IdentityProvider = {
    issuer,
    person: { sub: 'ada', name: 'Ada' },
    lie: {},
    visit: async (authorization) => {
      const response = await fetch(authorization, { redirect: 'manual' });
      return response.headers.get('location') ?? '';
    },
  };

  async function answer(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? '/', issuer);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return {
          status: 200,
          body: {
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            jwks_uri: `${issuer}/keys`,
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
            code_challenge_methods_supported: ['S256'],
          },
        };
      case '/keys':
        return {
          status: 200,
          body: { keys: [{ ...(await exportJWK(key.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] },
        };
      case '/authorize': {
        const code = randomUUID();
        codes.set(code, url.searchParams);
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.searchParams.set('code', code);
        back.searchParams.set('state', url.searchParams.get('state') ?? '');
        return { status: 302, headers: { location: back.href } };
      }
      case '/token':
        return token(new URLSearchParams(await textOf(request)));
      default:
        return { status: 404 };
    }
  }

  async function token(form: URLSearchParams): Promise<Reply> {
    const code = form.get('code') ?? '';
    const asked = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const right =
      asked?.get('code_challenge') === challenge &&
      asked.get('redirect_uri') === form.get('redirect_uri') &&
      form.get('client_id') === CLIENT.clientId &&
      form.get('client_secret') === CLIENT.clientSecret;
    if (!right) return { status: 400, body: { error: 'invalid_grant' } };
    const { sub, name } = provider.person;
    const now = Math.floor(Date.now() / 1000);
    const honest = {
      iss: issuer,
      aud: CLIENT.clientId,
      sub,
      name,
      nonce: asked.get('nonce'),
      iat: now,
      exp: now + 300,
    };
    const idToken = await new SignJWT({ ...honest, ...provider.lie.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(provider.lie.foreignKey === true ? foreign.privateKey : key.privateKey);
    return { status: 200, body: { access_token: randomUUID(), token_type: 'Bearer', id_token: idToken } };
  }

  return provider;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
