import { expect, test } from 'vitest';
import type { OwnSession } from '../../src/protocol/http/sessions.ts';
import { CloseCode, syncPath, TICKET_SUBPROTOCOL_PREFIX } from '../../src/protocol/sync.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { readEntries } from '../audit/read-entries.ts';
import type { Store } from '../store/store.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf, PASSWORD } from '../testing/people.ts';
import { Access, type RoleChange } from './access.ts';
import { agentOf, OwnSessions } from './own-sessions.ts';
import type { Principal } from './principal.ts';

const sessionsOf = async (browser: Browser): Promise<OwnSession[]> =>
  (await browser.get<{ sessions: OwnSession[] }>('GET', '/sessions')).sessions;

async function again(url: string, name: string, agent: string): Promise<Browser> {
  const browser = new Browser(url);
  const answer = await browser.fetch(`${API_PREFIX}/session`, {
    method: 'POST',
    body: JSON.stringify({ name, password: PASSWORD }),
    headers: { 'content-type': 'application/json', 'user-agent': agent },
  });
  expect(answer.status).toBe(200);
  return browser;
}

async function enter(browser: Browser): Promise<Editor> {
  const path = 'anneal.yaml';
  const { ticket } = await browser.get<{ ticket: string }>('POST', '/tickets', { project: 'sample', path });
  const protocols = [`${TICKET_SUBPROTOCOL_PREFIX}${ticket}`];
  const editor = new Editor(browser.url, syncPath('sample', path), { protocols });
  await editor.untilSynced();
  return editor;
}

test('somebody sees where he is signed in, and ends it: its sockets close, the others stay', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const bob = await memberOf(owner, 'Bob', 'editor');
  const laptop = await again(server.url, 'Bob', 'Laptop/1');
  const phone = await again(server.url, 'Bob', 'Phone/1');

  const all = await sessionsOf(phone);
  expect(all.map(({ agent }) => agent).sort()).toEqual(['Laptop/1', 'Phone/1', 'node']);
  expect(all.filter(({ current }) => current).map(({ agent }) => agent)).toEqual(['Phone/1']);
  for (const { id, created, expires } of all) {
    expect(id).toMatch(/^[0-9a-f]{16}$/); // and no more of the hash than this
    expect(expires).toBeGreaterThan(created);
  }
  expect(await sessionsOf(owner)).toHaveLength(1);

  const typing = await enter(laptop);
  const staying = await enter(phone);
  const lost = all.find(({ agent }) => agent === 'Laptop/1')?.id ?? '';
  expect(await phone.get('DELETE', `/sessions/${lost}`)).toEqual({ ended: 1 });
  expect((await typing.closed).code).toBe(CloseCode.projectNotFound); // as at a sign-out
  expect((await laptop.session()).principal).toBeNull();
  expect((await phone.call('DELETE', `/sessions/${lost}`)).value).toMatchObject({ code: 'ANN-PRO-037' });

  expect(await phone.get('DELETE', '/sessions')).toEqual({ ended: 1 });
  expect((await bob.session()).principal).toBeNull();
  expect((await phone.session()).principal).toMatchObject({ name: 'Bob' });
  expect((await owner.session()).principal).toMatchObject({ name: 'Olive' });
  await staying.leave();

  const lines: unknown[] = [];
  for await (const { action, name, target, workspace, detail } of readEntries(server.dataDir, null))
    if (/^end(Session|OtherSessions)$/.test(action)) lines.push({ action, name, target, workspace, detail });
  const line = { name: 'Bob', workspace: null, detail: '{"ended":1}' }; // his own: no owner reads of it
  expect(lines.slice(0, 1)).toEqual([{ ...line, action: 'endSession', target: `session=${lost}` }]);
  expect(lines.slice(-1)).toEqual([{ ...line, action: 'endOtherSessions', target: '' }]);
});

test('nobody ends the session of another, an owner neither', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const bob = await memberOf(owner, 'Bob', 'editor');
  const [his] = await sessionsOf(bob);
  expect((await owner.call('DELETE', `/sessions/${his?.id}`)).status).toBe(404);
  expect(await owner.get('DELETE', '/sessions')).toEqual({ ended: 0 });
  expect((await bob.session()).principal).toMatchObject({ name: 'Bob' });
});

test('who ends the session that asks is signed out', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const [own] = await sessionsOf(owner);
  expect(await owner.get('DELETE', `/sessions/${own?.id}`)).toEqual({ ended: 1 });
  expect((await owner.session()).principal).toBeNull();
});

test('however many sessions end together, all who are connected are asked about it once', async () => {
  const ended = Array.from({ length: 1000 }, (_, i) => i.toString(16).padStart(64, '0'));
  const store = { call: async () => ended } as unknown as Store;
  const access = new Access(store, { now: () => 0, elapsed: () => 0 }, { mode: 'on', secure: false });
  const changes: RoleChange[] = [];
  access.onChange((change) => changes.push(change));
  const bob: Principal = { kind: 'user', id: 'bob', name: 'Bob', scopes: null, session: 'f'.repeat(64) };
  expect(await new OwnSessions(store, access, () => 0).endOthers(bob)).toEqual({ ended: 1000 });
  expect(changes).toEqual([{ user: 'bob' }]);
});

test('a key and a guest are signed in nowhere; where nobody signs in there is no list', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const wish = { name: 'ci', scopes: ['read', 'write', 'manage'] };
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/keys', wish);
  const link = await owner.get<{ secret: string }>('POST', '/workspaces/home/shares', { role: 'viewer' });
  const guest = new Browser(server.url);
  await guest.get('POST', '/shares/open', { secret: link.secret });
  for (const [method, path] of [
    ['GET', '/sessions'],
    ['DELETE', '/sessions'],
    ['DELETE', '/sessions/0123456789abcdef'],
  ] as const) {
    const headers = { authorization: `Bearer ${secret}` };
    expect((await fetch(new URL(`${API_PREFIX}${path}`, server.url), { method, headers })).status).toBe(403);
    expect((await guest.call(method, path)).status).toBe(403);
  }
  expect(await sessionsOf(owner)).toHaveLength(1);
  const open = await testServer();
  expect((await new Browser(open.url).call('GET', '/sessions')).value).toMatchObject({ code: 'ANN-PRO-039' });
});

test('what a browser calls itself is kept short and plain', () => {
  expect(agentOf(undefined)).toBeNull();
  expect(agentOf(' \u202e ')).toBeNull();
  expect(agentOf('Fire\u0000fox/1')).toBe('Firefox/1');
  expect(agentOf('a'.repeat(1000))).toHaveLength(300);
});
