import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { errorFactsSchema } from '../../src/domain/error-facts.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { type OperationId, operations } from '../../src/protocol/http/operations.ts';
import { API_PREFIX, VERSION } from '../../src/protocol/version.ts';
import { calls, freshProject, send } from '../testing/calls.ts';
import { testServer } from '../testing/fixture.ts';
import { Browser, ownerOf } from '../testing/people.ts';

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

test('every operation of the OpenAPI document is there, and answers as it says', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const document = (await (await owner.fetch(`${API_PREFIX}/openapi.json`)).json()) as OpenApi;
  expect(document.openapi).toBe('3.1.0');
  const found = new Map(
    Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId, responses }) => [operationId, Object.keys(responses)]),
    ),
  );
  expect([...found.keys()].sort()).toEqual(Object.keys(operations).sort());
  for (const reference of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    expect(reference[1]).toMatch(/^#\/components\/schemas\//);
    expect(Object.keys(document.components.schemas)).toContain(reference[1]?.split('/').pop());
  }
  for (const id of Object.keys(operations) as OperationId[]) {
    const project = await freshProject(owner, 'home');
    const operation: Operation = operations[id];
    const sample = await calls[id]({ owner, caller: owner, workspace: 'home', project });
    // Signing out, or in as another, is for another browser.
    const caller = operation.action === 'public' ? new Browser(server.url) : owner;
    const response = await send(caller, id, sample);
    expect([id, response.status]).toEqual([id, operation.success[0]]);
    expect(found.get(id)).toContain(String(response.status));
    if (operation.response instanceof z.ZodType) operation.response.parse(await response.json());
    else await response.arrayBuffer();
  }
});

test.each([
  ['POST', '/session', 64 * 1024],
  ['POST', '/invitations/look', 64 * 1024],
  ['PATCH', '/projects/sample', 64 * 1024],
])('%s %s reads no more than it needs', async (method, path, limit) => {
  const { url } = await testServer();
  const status = async (bytes: number): Promise<number> => {
    const headers = { 'content-type': 'application/json' };
    const body = `{"name":"Sample"${' '.repeat(bytes - 17)}}`;
    return (await fetch(`${url}${API_PREFIX}${path}`, { method, headers, body })).status;
  };
  expect(await status(limit)).not.toBe(413);
  expect(await status(limit + 1)).toBe(413);
});

test('a text is as long as a file may be', async () => {
  const { url } = await testServer();
  const response = await fetch(`${url}${API_PREFIX}/projects/sample/files`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'text', path: 'long.md', text: 'x'.repeat(200_000) }),
  });
  expect(response.status).toBe(201);
});

const bad: [string, string, RequestInit & { path: string }, number, string][] = [
  ['an unknown address', 'GET', { path: '/nothing' }, 404, 'ANN-PRO-004'],
  ['an unknown project', 'GET', { path: '/projects/nobody/files' }, 404, 'ANN-PRO-005'],
  ['a project id that is none', 'GET', { path: '/projects/..%2F..' }, 400, 'ANN-PRO-001'],
  ['a path that climbs', 'GET', { path: '/projects/sample/files/..%2Fsecret' }, 400, 'ANN-PRO-001'],
  ['an unknown file', 'GET', { path: '/projects/sample/files/none.md' }, 404, 'ANN-PRO-008'],
  ['a hash that is none', 'GET', { path: '/artifacts/ABC' }, 400, 'ANN-PRO-001'],
  ['an unknown artifact', 'GET', { path: `/artifacts/${'0'.repeat(64)}` }, 404, 'ANN-PRO-012'],
  [
    'a body that is no JSON',
    'POST',
    { path: '/projects', body: '{', headers: { 'content-type': 'application/json' } },
    400,
    'ANN-PRO-001',
  ],
  [
    'a body that lacks a field',
    'POST',
    { path: '/projects', body: '{}', headers: { 'content-type': 'application/json' } },
    400,
    'ANN-PRO-001',
  ],
  ['no body', 'POST', { path: '/projects' }, 400, 'ANN-PRO-001'],
  [
    'a body of another kind',
    'POST',
    { path: '/projects', body: 'name=x', headers: { 'content-type': 'text/plain' } },
    415,
    'ANN-PRO-016',
  ],
  ['a query that is none', 'GET', { path: '/projects?deleted=perhaps' }, 400, 'ANN-PRO-001'],
  [
    'a name with half a character',
    'POST',
    { path: '/projects', body: '{"name":"\\ud800"}', headers: { 'content-type': 'application/json' } },
    400,
    'ANN-PRO-001',
  ],
  [
    'a name with a control character',
    'POST',
    { path: '/projects', body: '{"name":"a\\u0000b"}', headers: { 'content-type': 'application/json' } },
    400,
    'ANN-PRO-001',
  ],
  [
    'a taken id',
    'POST',
    {
      path: '/projects',
      body: '{"name":"x","id":"sample"}',
      headers: { 'content-type': 'application/json' },
    },
    409,
    'ANN-PRO-007',
  ],
  [
    'a body that is too long',
    'POST',
    {
      path: '/projects',
      body: 'x'.repeat(17 * 1024 * 1024),
      headers: { 'content-type': 'application/json' },
    },
    413,
    'ANN-PRO-014',
  ],
];
test.each(bad)(
  '%s is refused with a code, a place and advice',
  async (_, method, { path, ...init }, status, code) => {
    const { url } = await testServer();
    const response = await fetch(`${url}${API_PREFIX}${path}`, { method, ...init });
    expect(response.status).toBe(status);
    const facts = errorFactsSchema.parse(await response.json());
    expect(facts.code).toBe(code);
    expect(facts.where).toBeTruthy();
    expect(facts.fix).toBeTruthy();
  },
);

test('garbage instead of HTTP does not disturb the server', async () => {
  const { url, port } = await testServer();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write('\x00\xff not http \r\n\r\n');
  await new Promise((resolve) => socket.on('close', resolve));
  expect((await fetch(`${url}${API_PREFIX}/health`)).status).toBe(200);
});

test('what every response says of security', async () => {
  const { url } = await testServer();
  const { headers } = await fetch(`${url}${API_PREFIX}/projects`);
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('access-control-allow-origin')).toBeNull();
});

test('the version is that of the package', async () => {
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(VERSION).toBe(manifest.version);
});
