import { get } from 'node:http';
import { expect, test } from 'vitest';
import type { Session } from '../../src/protocol/http/access.ts';
import type { ApiKey, Invitation, Member } from '../../src/protocol/http/workspaces.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { testServer } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf, PASSWORD } from '../testing/people.ts';

const signedIn = (name: string) => ({ auth: 'on', principal: { kind: 'user', name } });

test('on loopback there is no sign-in, and the server says so', async () => {
  const server = await testServer();
  expect(server.ownerLink).toBeNull();
  const session = await new Browser(server.url).session();
  expect(session).toMatchObject({
    auth: 'off',
    principal: { kind: 'local', name: null },
    workspaces: [{ id: 'home', role: 'owner' }],
    ownerMissing: false,
  });
  const refused = await new Browser(server.url).call('POST', '/workspaces/home/keys', {
    name: 'ci',
    scopes: ['read'],
  });
  expect([refused.status, refused.value]).toMatchObject([409, { code: 'ANN-PRO-039' }]);
});

test('the first start prints a link that makes the owner, once', async () => {
  const server = await testServer({ auth: 'on' });
  expect(server.ownerLink).toMatch(/^http:\/\/localhost:\d+\/invitation#[\w-]{43}$/);
  const secret = server.ownerLink?.split('#')[1] ?? '';
  const browser = new Browser(server.url);
  expect(await browser.session()).toMatchObject({ auth: 'on', principal: null, ownerMissing: true });
  expect(await browser.get('POST', '/invitations/look', { secret })).toMatchObject({
    workspace: { id: 'home' },
    role: 'owner',
  });
  const account = { name: 'Olive', password: PASSWORD };
  const session = await browser.get<Session>('POST', '/invitations/accept', { secret, account });
  expect(session).toMatchObject({
    ...signedIn('Olive'),
    workspaces: [{ id: 'home', role: 'owner' }],
    ownerMissing: false,
  });
  expect(await browser.session()).toEqual(session);
  const again = await new Browser(server.url).call('POST', '/invitations/accept', {
    secret,
    account: { name: 'Eve', password: PASSWORD },
  });
  expect([again.status, again.value]).toMatchObject([404, { code: 'ANN-PRO-036' }]);
});

test('a link that was not used is worth nothing after the next start', async () => {
  const first = await testServer({ auth: 'on' });
  await first.close();
  const second = await testServer({ auth: 'on', dataDir: first.dataDir });
  const look = (link: string | null) =>
    new Browser(second.url).call('POST', '/invitations/look', { secret: link?.split('#')[1] });
  expect((await look(first.ownerLink)).status).toBe(404);
  expect((await look(second.ownerLink)).status).toBe(200);
  await ownerOf(second);
  await second.close();
  expect((await testServer({ auth: 'on', dataDir: first.dataDir })).ownerLink).toBeNull();
});

test('cookies of a session are for the pages of the server alone, and scripts do not see them', async () => {
  const server = await testServer({ auth: 'on' });
  await ownerOf(server);
  const sent = async (publicUrl?: string): Promise<string> => {
    const it = publicUrl === undefined ? server : await testServer({ publicUrl, auth: 'on' });
    const at = `http://127.0.0.1:${it.port}${API_PREFIX}/session`;
    const response = await fetch(at, { method: 'DELETE' });
    return response.headers.getSetCookie()[0] ?? '';
  };
  expect(await sent()).toMatch(/^anneal_user=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/);
  expect(await sent('https://anneal.example.org')).toMatch(/^__Host-anneal_user=;.*; Secure$/);
});

test('sign-in by name and password, out again, and with another password', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const browser = new Browser(server.url);
  const signIn = (name: string, password: string) => browser.call('POST', '/session', { name, password });
  expect((await signIn('Olive', 'not the password')).value).toMatchObject({ code: 'ANN-PRO-033' });
  expect((await signIn('nobody', PASSWORD)).value).toMatchObject({ code: 'ANN-PRO-033' });
  expect((await signIn(' oLIVE ', PASSWORD)).value).toMatchObject(signedIn('Olive'));
  const password = 'another horse, another staple';
  const change = (current: string) => browser.call('PUT', '/session/password', { current, password });
  expect((await change('wrong')).status).toBe(401);
  expect((await change(PASSWORD)).status).toBe(200);
  expect((await owner.session()).principal).toBeNull(); // every other session has ended
  expect((await browser.session()).principal).toMatchObject({ name: 'Olive' });
  const { cookie } = browser;
  expect((await browser.call('DELETE', '/session')).value).toMatchObject({ principal: null });
  const stolen = await fetch(`${server.url}${API_PREFIX}/projects`, { headers: { cookie } });
  expect(stolen.status).toBe(401);
  expect((await signIn('Olive', PASSWORD)).status).toBe(401);
  expect((await signIn('Olive', password)).status).toBe(200);
});

test('who guesses passwords is slowed down, and nobody else is', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  await memberOf(owner, 'Mia', 'viewer');
  const browser = new Browser(server.url);
  const answers: number[] = [];
  for (let i = 0; i < 10; i++) {
    answers.push((await browser.call('POST', '/session', { name: 'Olive', password: `guess ${i}` })).status);
  }
  expect(answers).toEqual([...Array<number>(8).fill(401), 429, 429]);
  const refused = await browser.call('POST', '/session', { name: 'Olive', password: PASSWORD });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await browser.call('POST', '/session', { name: 'Mia', password: PASSWORD })).status).toBe(200);
});

test('an owner invites, changes roles and removes; one owner stays', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const { invitation } = await owner.get<{ invitation: Invitation }>('POST', '/workspaces/home/invitations', {
    role: 'editor',
  });
  const listed = await owner.get<{ invitations: Invitation[] }>('GET', '/workspaces/home/invitations');
  expect(listed.invitations).toEqual([invitation]);
  await owner.get('DELETE', `/workspaces/home/invitations/${invitation.id}`);
  const ed = await memberOf(owner, 'Ed', 'editor');
  const { members } = await ed.get<{ members: Member[] }>('GET', '/workspaces/home/members');
  expect(members.map(({ name, role }) => [name, role])).toEqual([
    ['Olive', 'owner'],
    ['Ed', 'editor'],
  ]);
  const [olive, edward] = members.map(({ user }) => user);
  const demote = await owner.call('PATCH', `/workspaces/home/members/${olive}`, { role: 'editor' });
  expect([demote.status, demote.value]).toMatchObject([409, { code: 'ANN-PRO-038' }]);
  expect((await owner.call('DELETE', `/workspaces/home/members/${olive}`)).status).toBe(409);
  await owner.get('PATCH', `/workspaces/home/members/${edward}`, { role: 'viewer' });
  expect((await ed.call('POST', '/projects', { name: 'mine' })).status).toBe(403);
  await owner.get('DELETE', `/workspaces/home/members/${edward}`);
  expect((await ed.call('GET', '/workspaces/home')).status).toBe(404);
  expect(await ed.session()).toMatchObject({ principal: { name: 'Ed' }, workspaces: [] });
});

test('a name is given once, whatever its case', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  await expect(memberOf(owner, 'OLIVE', 'viewer')).rejects.toThrow('ANN-PRO-035');
});

test('who holds an invitation cannot try names by it without end', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/invitations', {
    role: 'viewer',
  });
  const account = { name: 'Olive', password: PASSWORD };
  const statuses: number[] = [];
  const browser = new Browser(server.url);
  const begun = performance.now();
  while (statuses.length < 40 && statuses.at(-1) !== 429)
    statuses.push((await browser.call('POST', '/invitations/accept', { secret, account })).status);
  // Thirty at once, and one more each half a minute.
  expect(statuses.length).toBeLessThanOrEqual(31 + (performance.now() - begun) / 30_000);
  expect(statuses.slice(0, -1).every((status) => status === 409)).toBe(true);
  expect(statuses.at(-1)).toBe(429);
});

test('one person makes so many workspaces, also when he gives them away', async () => {
  const server = await testServer({ auth: 'on', maxWorkspaces: 2 });
  const owner = await ownerOf(server);
  const made = await owner.get<{ id: string }>('POST', '/workspaces', { name: 'One' });
  const puppet = await memberOf(owner, 'Puppet', 'owner', made.id);
  const { principal } = await owner.session();
  await puppet.get('DELETE', `/workspaces/${made.id}/members/${principal?.id}`);
  expect((await owner.call('POST', '/workspaces', { name: 'Two' })).status).toBe(201);
  const third = await owner.call('POST', '/workspaces', { name: 'Three' });
  expect([third.status, third.value]).toMatchObject([409, { code: 'ANN-PRO-041' }]);
  expect((await puppet.call('POST', '/workspaces', { name: 'His' })).status).toBe(201);
});

test('a key does what its scopes say, at most what its user may, until it is revoked', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const ed = await memberOf(owner, 'Ed', 'editor');
  const { key, secret } = await ed.get<{ key: ApiKey; secret: string }>('POST', '/workspaces/home/keys', {
    name: 'laptop',
    scopes: ['read', 'write', 'manage'],
  });
  expect(secret).toMatch(/^anneal_key_[\w-]{43}$/);
  const withKey = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${server.url}${API_PREFIX}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  expect((await withKey('POST', '/projects', { name: 'by key' })).status).toBe(201);
  expect((await withKey('POST', '/workspaces/home/invitations', { role: 'owner' })).status).toBe(403);
  expect((await withKey('POST', '/workspaces/home/keys', { name: 'x', scopes: ['comment'] })).status).toBe(
    403,
  );
  const own = await ed.get<{ keys: ApiKey[] }>('GET', '/workspaces/home/keys');
  expect(own.keys).toEqual([key]);
  expect(JSON.stringify(own)).not.toContain(secret.slice(-20));
  const other = await memberOf(owner, 'Mia', 'viewer');
  expect((await other.get<{ keys: ApiKey[] }>('GET', '/workspaces/home/keys')).keys).toEqual([]);
  expect((await other.call('DELETE', `/workspaces/home/keys/${key.id}`)).status).toBe(404);
  await owner.get('DELETE', `/workspaces/home/keys/${key.id}`);
  expect((await withKey('GET', '/projects')).status).toBe(401);
});

test("an owner's key makes owners only where it may do all that an owner may", async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const { principal } = await (await memberOf(owner, 'Ed', 'editor')).session();
  const tried = async (scopes: readonly string[]): Promise<number[]> => {
    const key = { name: scopes.join(), scopes };
    const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/keys', key);
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const ask = async (method: string, path: string, role: string): Promise<number> => {
      const body = JSON.stringify({ role });
      return (await fetch(`${server.url}${API_PREFIX}/workspaces/home${path}`, { method, headers, body }))
        .status;
    };
    return [
      await ask('POST', '/invitations', 'viewer'),
      await ask('POST', '/invitations', 'owner'),
      await ask('PATCH', `/members/${principal?.id}`, 'owner'),
    ];
  };
  expect(await tried(['manage'])).toEqual([201, 403, 403]);
  expect(await tried(['read', 'manage'])).toEqual([201, 403, 403]);
  expect(await tried(['read', 'write', 'manage'])).toEqual([201, 201, 200]);
});

test('that the start made a link for another owner is in the audit log', async () => {
  const first = await testServer({ auth: 'on' });
  const owner = await ownerOf(first);
  await first.close();
  const second = await testServer({ auth: 'on', dataDir: first.dataDir, inviteOwner: true });
  expect(second.ownerLink).not.toBeNull();
  const cookies = owner.cookies;
  const again = new Browser(second.url);
  for (const [name, value] of cookies) again.cookies.set(name, value);
  const { entries } = await again.get<{ entries: { action: string; actor: string; detail: string }[] }>(
    'GET',
    '/workspaces/home/audit',
  );
  const invited = entries.filter(({ action }) => action === 'owner.invited');
  expect(invited.map(({ actor, detail }) => [actor, JSON.parse(detail)])).toMatchObject([
    ['server', { hasOwner: true }],
    ['server', { hasOwner: false }],
  ]);
});

test('browsers that came by TLS come by nothing else, but where others may have the name too', async () => {
  const { port } = await testServer({ auth: 'on', publicUrl: 'https://anneal.example.org' });
  const said = (host: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: `${API_PREFIX}/session`, headers: { host } }, (response) => {
        response.resume();
        resolve(response.headers['strict-transport-security']);
      }).on('error', reject);
    });
  expect(await said('anneal.example.org')).toBe('max-age=31536000');
  expect(await said('anneal.example.org:443')).toBe('max-age=31536000');
  expect(await said('anneal.example.org:8443')).toBeUndefined();
  expect(await said('localhost')).toBeUndefined();
  expect(await said(`localhost:${port}`)).toBeUndefined();
});

test('a share link lets in who has it, as far as it says and until it is revoked', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  await owner.get('POST', '/projects', { name: 'Other', id: 'other' });
  const { share, link } = await owner.get<{ share: { id: string }; link: string }>(
    'POST',
    '/workspaces/home/shares',
    { role: 'commenter', project: 'sample' },
  );
  const [address, secret] = link.split('#');
  expect(address).toBe(`${server.url}/share`);
  const guest = new Browser(server.url);
  expect(await guest.get('POST', '/shares/open', { secret })).toMatchObject({
    principal: { kind: 'share', name: 'Guest' },
    workspaces: [],
    guest: { workspace: 'home', project: 'sample', role: 'commenter' },
  });
  const status = async (method: string, path: string, body?: unknown) =>
    (await guest.call(method, path, body)).status;
  expect(await status('GET', '/projects/sample/files')).toBe(200);
  expect(await status('PATCH', '/projects/sample', { name: 'mine' })).toBe(403);
  expect(await status('GET', '/projects/other')).toBe(404);
  expect(await status('GET', '/workspaces/home/members')).toBe(404);
  const { projects } = await guest.get<{ projects: { id: string }[] }>('GET', '/projects');
  expect(projects.map(({ id }) => id)).toEqual(['sample']);
  await owner.get('DELETE', `/workspaces/home/shares/${share.id}`);
  expect(await status('GET', '/projects/sample/files')).toBe(401);
  expect(await status('POST', '/shares/open', { secret })).toBe(404);
});

test('a share link that a member opens adds to what he may, and takes nothing', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const mia = await memberOf(owner, 'Mia', 'viewer');
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/shares', {
    role: 'editor',
    project: 'sample',
  });
  expect(await mia.get('POST', '/shares/open', { secret })).toMatchObject({
    principal: { kind: 'user', name: 'Mia' },
    workspaces: [{ id: 'home', role: 'viewer' }],
    guest: { project: 'sample', role: 'editor' },
  });
  expect((await mia.call('PATCH', '/projects/sample', { name: 'ours' })).status).toBe(200);
  expect((await mia.call('POST', '/projects', { name: 'mine' })).status).toBe(403);
});

test('a request with a cookie that does not say which page it comes from changes nothing', async () => {
  const server = await testServer({ auth: 'on' });
  const { cookie } = await ownerOf(server);
  const send = (headers: Record<string, string>) =>
    fetch(`${server.url}${API_PREFIX}/projects/sample`, {
      method: 'DELETE',
      headers: { cookie, ...headers },
    });
  expect((await send({})).status).toBe(403);
  expect((await send({ origin: 'https://evil.example.org' })).status).toBe(403);
  expect((await send({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await send({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']) {
    const form = await fetch(`${server.url}${API_PREFIX}/projects`, {
      method: 'POST',
      headers: { cookie, origin: new URL(server.url).origin, 'content-type': type },
      body: 'name=x',
    });
    expect(form.status).toBe(415);
  }
});
