import { expect, test } from 'vitest';
import type { Session } from '../../src/protocol/http/access.ts';
import type { RunningServer } from '../options.ts';
import { testServer } from '../testing/fixture.ts';
import { CLIENT, type IdentityProvider, identityProvider } from '../testing/identity-provider.ts';
import { Browser, memberOf, ownerOf, PASSWORD } from '../testing/people.ts';
import { oidcOptions } from './options.ts';

async function world(
  domains: readonly string[] | null = null,
): Promise<{ provider: IdentityProvider; server: RunningServer }> {
  const provider = await identityProvider();
  const oidc = { ...CLIENT, issuer: provider.issuer, name: 'Example', domains };
  return { provider, server: await testServer({ auth: 'on', oidc, log: () => undefined }) };
}

/** Signs in as a browser does, and answers with where the studio is left. */
async function signIn(browser: Browser, provider: IdentityProvider): Promise<string | null> {
  const { signIn: entry } = await browser.session();
  const begin = await browser.fetch(entry.oidc?.path ?? '');
  const back = await provider.visit(begin.headers.get('location') ?? '');
  return (await browser.fetch(back)).headers.get('location');
}

test('somebody whom the provider knows signs in; the first time makes the account', async () => {
  const { provider, server } = await world();
  const browser = new Browser(server.url);
  expect((await browser.session()).signIn.oidc).toEqual({ name: 'Example', path: '/signin/oidc' });
  expect(await signIn(browser, provider)).toBe('/');
  const { principal, workspaces } = await browser.session();
  expect(principal).toMatchObject({ kind: 'user', name: 'Ada' });
  expect(workspaces).toEqual([]); // an account is no membership
  const again = new Browser(server.url);
  provider.person = { sub: 'ada', name: 'Ada Lovelace' };
  expect(await signIn(again, provider)).toBe('/');
  expect((await again.session()).principal).toEqual(principal);
});

test('the owner may be somebody whom the provider knows', async () => {
  const { provider, server } = await world();
  const browser = new Browser(server.url);
  await signIn(browser, provider);
  const secret = server.ownerLink?.split('#')[1];
  expect(await browser.get('POST', '/invitations/accept', { secret, account: null })).toMatchObject({
    principal: { name: 'Ada' },
    workspaces: [{ id: 'home', role: 'owner' }],
  });
});

test('a name at the provider takes no account of that name over, and says nothing of who else there is', async () => {
  const { provider, server } = await world();
  const owner = await ownerOf(server);
  await memberOf(owner, 'Ada', 'editor');
  const browser = new Browser(server.url);
  await signIn(browser, provider);
  const { principal, workspaces } = await browser.session();
  expect(principal).toMatchObject({ kind: 'user', name: 'Ada' }); // as whoever is the first of the name
  expect(workspaces).toEqual([]);
  const another = new Browser(server.url);
  provider.person = { sub: 'another', name: 'Ada' };
  await signIn(another, provider);
  expect((await another.session()).principal).toMatchObject({ kind: 'user', name: 'Ada' });
  expect((await another.session()).principal?.id).not.toBe(principal?.id);
});

test('who joins a workspace with a member of his name is told apart from him', async () => {
  const { provider, server } = await world();
  const owner = await ownerOf(server);
  const invitation = () =>
    owner.get<{ secret: string }>('POST', '/workspaces/home/invitations', { role: 'editor' });
  const elsewhere = new Browser(server.url);
  await signIn(elsewhere, provider);
  const { secret } = await invitation();
  expect(await elsewhere.get('POST', '/invitations/accept', { secret, account: null })).toMatchObject({
    principal: { name: 'Ada' },
  });
  const named = new Browser(server.url);
  const account = { name: 'ADA', password: PASSWORD }; // nobody who has a password has this name
  const joined = await named.get<Session>('POST', '/invitations/accept', {
    ...(await invitation()),
    account,
  });
  expect(joined.principal?.name).toMatch(/^ADA [0-9a-f]{6}$/);
  expect((await named.session()).principal).toEqual(joined.principal);
  await named.call('DELETE', '/session');
  expect((await named.call('POST', '/session', account)).status).toBe(200);
  const third = new Browser(server.url);
  provider.person = { sub: 'third', name: 'Ada' };
  await signIn(third, provider);
  const accepted = await third.get<Session>('POST', '/invitations/accept', {
    ...(await invitation()),
    account: null,
  });
  expect(accepted.principal?.name).toMatch(/^Ada [0-9a-f]{6}$/);
  const { members } = await owner.get<{ members: { name: string }[] }>('GET', '/workspaces/home/members');
  const names = members.map(({ name }) => name.toLowerCase());
  expect(new Set(names).size).toBe(4);
  expect(names).toContain('ada');
  // Who is a member already stays who he is.
  const again = await elsewhere.get<Session>('POST', '/invitations/accept', {
    ...(await invitation()),
    account: null,
  });
  expect(again.principal?.name).toBe('Ada');
});

test('whom nobody has invited has an account and nothing else; an invitation changes that', async () => {
  const { provider, server } = await world();
  const owner = await ownerOf(server);
  const browser = new Browser(server.url);
  await signIn(browser, provider);
  const made = await browser.call('POST', '/workspaces', { name: 'Free room' });
  expect([made.status, made.value]).toMatchObject([403, { code: 'ANN-PRO-042' }]);
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/invitations', {
    role: 'viewer',
  });
  await browser.get('POST', '/invitations/accept', { secret, account: null });
  expect((await browser.call('POST', '/workspaces', { name: 'Free room' })).status).toBe(201);
});

test.each<[string, Record<string, unknown>, boolean]>([
  ['an address of a domain that is let in', { email: 'ada@Example.org', email_verified: true }, true],
  ['one that the provider has not verified', { email: 'ada@example.org', email_verified: false }, false],
  ['one of which the provider does not say that', { email: 'ada@example.org' }, false],
  ['a domain below it', { email: 'ada@evil.example.org', email_verified: true }, false],
  ['a name with an @ of its own', { email: '"ada@example.org"@evil.org', email_verified: true }, false],
  ['no address', {}, false],
])('where domains are named: %s', async (_, claims, welcome) => {
  const { provider, server } = await world(['example.org', 'example.com']);
  const browser = new Browser(server.url);
  provider.lie = { claims };
  expect(await signIn(browser, provider)).toBe(welcome ? '/' : '/#sign-in-failed');
  if (!welcome) expect((await browser.session()).principal).toBeNull();
  else expect((await browser.call('POST', '/workspaces', { name: 'Own' })).status).toBe(201);
});

test('where all are welcome no address is asked for', async () => {
  const { provider, server } = await world(['*']);
  const browser = new Browser(server.url);
  expect(await signIn(browser, provider)).toBe('/');
  expect((await browser.call('POST', '/workspaces', { name: 'Own' })).status).toBe(201);
});

test.each([
  [undefined, null],
  ['', null],
  ['Example.org, example.com,', ['example.org', 'example.com']],
  ['*', ['*']],
])('ANNEAL_OIDC_DOMAINS=%s: %j', (text, domains) => {
  const environment = { ANNEAL_OIDC_ISSUER: 'https://id.example.org', ANNEAL_OIDC_CLIENT_ID: 'anneal' };
  expect(oidcOptions({ ...environment, ANNEAL_OIDC_DOMAINS: text })?.domains).toEqual(domains);
});

test.each(['ada@example.org', 'localhost', 'example.org example.com'])('%s is no domain', (text) => {
  const environment = { ANNEAL_OIDC_ISSUER: 'https://id.example.org', ANNEAL_OIDC_CLIENT_ID: 'anneal' };
  expect(() => oidcOptions({ ...environment, ANNEAL_OIDC_DOMAINS: text })).toThrow('ANNEAL_OIDC_DOMAINS');
});

test.each<[string, IdentityProvider['lie']]>([
  ['signed by another key', { foreignKey: true }],
  ['for another server', { claims: { aud: 'another' } }],
  ['by another issuer', { claims: { iss: 'https://evil.example.org' } }],
  ['with another nonce', { claims: { nonce: 'another' } }],
  ['that is too old', { claims: { exp: 1 } }],
])('a token %s lets nobody in', async (_, lie) => {
  const { provider, server } = await world();
  const browser = new Browser(server.url);
  provider.lie = lie;
  expect(await signIn(browser, provider)).toBe('/#sign-in-failed');
  expect((await browser.session()).principal).toBeNull();
});

test('an answer that another browser began, or that comes twice, lets nobody in', async () => {
  const { provider, server } = await world();
  const browser = new Browser(server.url);
  const begin = await browser.fetch('/signin/oidc');
  const back = await provider.visit(begin.headers.get('location') ?? '');
  const victim = new Browser(server.url);
  expect((await victim.fetch(back)).headers.get('location')).toBe('/#sign-in-failed');
  await victim.fetch('/signin/oidc'); // a state of its own does not fit either
  expect((await victim.fetch(back)).headers.get('location')).toBe('/#sign-in-failed');
  expect((await victim.session()).principal).toBeNull();
});

test('a provider that is down is said, and the server runs on', async () => {
  const oidc = { ...CLIENT, issuer: 'http://127.0.0.1:9', name: 'Example', domains: null };
  const lines: string[] = [];
  const server = await testServer({ auth: 'on', oidc, log: (line) => lines.push(line) });
  const browser = new Browser(server.url);
  const begin = await browser.fetch('/signin/oidc');
  expect(begin.headers.get('location')).toBe('/#sign-in-failed');
  expect(lines.join()).toContain('http://127.0.0.1:9');
  expect((await browser.session()).principal).toBeNull();
});
