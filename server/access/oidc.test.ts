import { expect, test } from 'vitest';
import type { RunningServer } from '../options.ts';
import { testServer } from '../testing/fixture.ts';
import { CLIENT, type IdentityProvider, identityProvider } from '../testing/identity-provider.ts';
import { Browser, memberOf, ownerOf } from '../testing/people.ts';

async function world(): Promise<{ provider: IdentityProvider; server: RunningServer }> {
  const provider = await identityProvider();
  const oidc = { ...CLIENT, issuer: provider.issuer, name: 'Example' };
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

test('a name at the provider takes no account of that name over', async () => {
  const { provider, server } = await world();
  const owner = await ownerOf(server);
  await memberOf(owner, 'Ada', 'editor');
  const browser = new Browser(server.url);
  await signIn(browser, provider);
  const { principal, workspaces } = await browser.session();
  expect(principal?.name).toMatch(/^Ada [0-9a-f]{6}$/);
  expect(workspaces).toEqual([]);
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
  const oidc = { ...CLIENT, issuer: 'http://127.0.0.1:9', name: 'Example' };
  const lines: string[] = [];
  const server = await testServer({ auth: 'on', oidc, log: (line) => lines.push(line) });
  const browser = new Browser(server.url);
  const begin = await browser.fetch('/signin/oidc');
  expect(begin.headers.get('location')).toBe('/#sign-in-failed');
  expect(lines.join()).toContain('http://127.0.0.1:9');
  expect((await browser.session()).principal).toBeNull();
});
