import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { errorFactsSchema } from '../../src/domain/error-facts.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { type OperationId, operations } from '../../src/protocol/http/operations.ts';
import { API_PREFIX, VERSION } from '../../src/protocol/version.ts';
import { testServer } from '../testing/fixture.ts';

const bytes = Buffer.from('some bytes');
const sha256 = createHash('sha256').update(bytes).digest('hex');

const halfSent = 'a'.repeat(64);
const tusHeaders = { 'tus-resumable': '1.0.0', 'anneal-client': 'walker-1' };

/** What each operation is called with, in an order in which all of them succeed. */
const calls: [
  OperationId,
  { params?: Record<string, string>; body?: unknown; headers?: Record<string, string> },
][] = [
  ['health', {}],
  ['version', {}],
  ['openapi', {}],
  ['createProject', { body: { name: 'Übung macht den Meister', id: 'walk' } }],
  ['listProjects', {}],
  ['getProject', { params: { project: 'walk' } }],
  ['renameProject', { params: { project: 'walk' }, body: { name: 'Other' } }],
  ['putArtifact', { params: { sha256 } }],
  ['headArtifact', { params: { sha256 } }],
  ['getArtifact', { params: { sha256 } }],
  [
    'createUpload',
    {
      headers: {
        ...tusHeaders,
        'upload-length': '100',
        'upload-metadata': `sha256 ${Buffer.from(halfSent).toString('base64')}`,
      },
    },
  ],
  ['headUpload', { params: { sha256: halfSent }, headers: tusHeaders }],
  [
    'patchUpload',
    {
      params: { sha256: halfSent },
      headers: { ...tusHeaders, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    },
  ],
  ['deleteUpload', { params: { sha256: halfSent }, headers: tusHeaders }],
  ['holdArtifacts', { params: { project: 'walk', holder: 'run-1' }, body: { artifacts: [sha256] } }],
  ['artifactUse', { params: { workspace: 'home' } }],
  ['collectArtifacts', { params: { workspace: 'home' }, body: {} }],
  ['createFile', { params: { project: 'walk' }, body: { kind: 'text', path: 'a/b c.md', text: 'x' } }],
  ['listFiles', { params: { project: 'walk' } }],
  ['readFile', { params: { project: 'walk', path: 'a/b c.md' } }],
  ['renameFile', { params: { project: 'walk', path: 'a/b c.md' }, body: { path: 'b.md' } }],
  ['deleteFile', { params: { project: 'walk', path: 'b.md' } }],
  ['restoreFile', { params: { project: 'walk', path: 'b.md' } }],
  ['deleteProject', { params: { project: 'walk' } }],
  ['restoreProject', { params: { project: 'walk' } }],
];

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

test('every operation of the OpenAPI document is there, and answers as it says', async () => {
  const { url } = await testServer();
  const document = (await (await fetch(`${url}${API_PREFIX}/openapi.json`)).json()) as OpenApi;
  expect(document.openapi).toBe('3.1.0');
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, responses }]) => ({
      path,
      method,
      operationId,
      responses,
    })),
  );
  expect(found.map(({ operationId }) => operationId).sort()).toEqual(calls.map(([id]) => id).sort());
  for (const reference of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    expect(reference[1]).toMatch(/^#\/components\/schemas\//);
    expect(Object.keys(document.components.schemas)).toContain(reference[1]?.split('/').pop());
  }
  for (const [id, { params = {}, body, headers = {} }] of calls) {
    const entry = found.find(({ operationId }) => operationId === id);
    if (entry === undefined) throw new Error(`${id} is missing`);
    const path = entry.path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(params[name] ?? ''),
    );
    const operation: Operation = operations[id];
    const response = await fetch(`${url}${API_PREFIX}${path}`, {
      method: entry.method.toUpperCase(),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(operation.body === 'bytes' ? { body: bytes } : {}),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect([id, response.status]).toEqual([id, operation.success[0]]);
    expect(Object.keys(entry.responses)).toContain(String(response.status));
    if (operation.response instanceof z.ZodType) operation.response.parse(await response.json());
    else await response.arrayBuffer();
  }
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
