import { request } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { SyncSockets } from '../sync/sockets.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { memberOf, ownerOf } from '../testing/people.ts';

/** As a supervisor asks, who knows only the address. */
function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers: { host: '10.1.2.3:4600', ...headers } });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve([response.statusCode ?? 0, body]));
    });
    asked.end();
  });
}

test('a supervisor learns whether the server lives and whether to send people, by whatever name', async () => {
  const { port } = await testServer();
  expect(await ask(port, '/health')).toEqual([200, 'alive']);
  expect(await ask(port, '/ready')).toEqual([200, 'ready']);
  expect((await ask(port, '/healthy'))[0]).toBe(403); // all else is for those who know the server's name
});

test('a server that stops is alive, and not ready', async () => {
  const server = await testServer();
  // It stops for as long as it is asked.
  const held = Promise.withResolvers<void>();
  const { close } = SyncSockets.prototype;
  const spy = vi.spyOn(SyncSockets.prototype, 'close');
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation(async function (this: SyncSockets) {
    const closed = close.call(this);
    await held.promise;
    return closed;
  });
  const stopping = server.close();
  expect(await ask(server.port, '/ready')).toEqual([503, 'draining']);
  expect(await ask(server.port, '/health')).toEqual([200, 'alive']);
  held.resolve();
  await stopping;
});

test('a database that never answers is said to have failed, and nobody waits for it', async () => {
  const { port, url } = await testServer();
  const { call } = SqliteStore.prototype;
  const hangs = vi.spyOn(SqliteStore.prototype, 'call').mockImplementation(function (
    this: SqliteStore,
    name,
    input,
  ) {
    return name === 'ping' ? new Promise<never>(() => undefined) : call.bind(this)(name, input);
  });
  onTestFinished(() => hangs.mockRestore());
  const [ready, health] = await Promise.all([ask(port, '/ready'), fetch(`${url}${API_PREFIX}/health`)]);
  expect(ready).toEqual([503, 'no storage']);
  expect([health.status, await health.json()]).toMatchObject([500, { code: 'ANN-SRV-007' }]);
  hangs.mockRestore();
  await expect.poll(async () => (await fetch(`${url}${API_PREFIX}/health`)).status).toBe(200);
});

test('the figures are for this machine, and name nobody', async () => {
  const { url, port } = await testServer();
  const editor = await join(url, 'notes.md');
  editor.text.insert(0, 'secret words');
  await editor.untilStored();
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(/^anneal_sync_connections 1$/m);
  expect(text).toMatch(/^anneal_sync_rooms\{phase="live"\} [12]$/m);
  expect(text).toMatch(/^anneal_sync_durable_seconds_count [1-9]/m);
  expect(text).toMatch(/^anneal_log_epoch \d+$/m);
  expect(text).toMatch(/^anneal_event_loop_delay_p99_seconds /m);
  expect(text).not.toMatch(/notes|sample|secret/);
  expect((await ask(port, '/metrics'))[0]).toBe(403); // a page that was rebound to this machine
  const forwarded = await fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  expect(forwarded.status).toBe(404);
});

test('elsewhere the figures are for an API key that may manage', async () => {
  const server = await testServer({ auth: 'on' });
  const browser = await ownerOf(server);
  const make = (scopes: readonly string[]) =>
    browser.get<{ secret: string }>('POST', '/workspaces/home/keys', { name: scopes.join(), scopes });
  const [manage, read] = [await make(['manage']), await make(['read'])];
  const asked = async (secret: string): Promise<number> => {
    const headers = { authorization: `Bearer ${secret}`, 'x-forwarded-for': '192.0.2.1' };
    return (await fetch(`${server.url}/metrics`, { headers })).status;
  };
  expect(await asked(manage.secret)).toBe(200);
  expect(await asked(read.secret)).toBe(404);
  expect(await asked('guessed')).toBe(404);
  // The figures are of all tenants; who owns a workspace of his own does not run the server.
  const tenant = await browser.get<{ id: string }>('POST', '/workspaces', { name: 'Tenant' });
  const key = { name: 'manage', scopes: ['read', 'write', 'manage'] };
  const own = await browser.get<{ secret: string }>('POST', `/workspaces/${tenant.id}/keys`, key);
  expect(await asked(own.secret)).toBe(404);
  const viewer = await memberOf(browser, 'Viola', 'viewer');
  const hers = await viewer.get<{ secret: string }>('POST', '/workspaces/home/keys', key);
  expect(await asked(hers.secret)).toBe(404);
});

test('behind a proxy this machine is everybody', async () => {
  const { port } = await testServer({ auth: 'on', publicUrl: 'https://anneal.example.org' });
  expect((await ask(port, '/metrics', { host: 'anneal.example.org' }))[0]).toBe(404);
  expect((await ask(port, '/metrics', { host: `localhost:${port}` }))[0]).toBe(404);
});
