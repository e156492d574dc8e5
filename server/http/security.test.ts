import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorFactsSchema } from '../../src/domain/error-facts.ts';
import { temporaryFolder, testServer } from '../testing/fixture.ts';

/** A studio beside a secret that no address may lead to. */
async function studio(): Promise<string> {
  const root = await temporaryFolder();
  await writeFile(join(root, 'secret.txt'), 'the secret');
  await mkdir(join(root, 'studio', 'assets'), { recursive: true });
  await writeFile(join(root, 'studio', 'index.html'), '<!doctype html><title>Anneal</title>');
  return join(root, 'studio');
}

/** Sends bytes as they are: fetch would tidy addresses and heads up. */
function send(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('data', (part) => parts.push(part));
    socket.on('close', () => resolve(Buffer.concat(parts).toString()));
    socket.on('error', reject);
  });
}

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

async function answer(port: number, bytes: string): Promise<Answer> {
  const [head = '', body = ''] = (await send(port, bytes)).split('\r\n\r\n', 2);
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => line.split(': ', 2).map((s) => s.toLowerCase()) as [string, string]),
  );
  return { status: Number(first.split(' ')[1]), headers, body };
}

type Head = (host: string) => string;
const get =
  (path: string, more = ''): Head =>
  (host) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`;
const upgrade =
  (path: string, more: string): Head =>
  (host) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;

const cases: [string, number, Head][] = [
  ['the page', 200, get('/')],
  ['a screen', 200, get('/projects/sample')],
  ['a script that is not there', 404, get('/gone.js')],
  ['the name of the interface alone', 404, get('/api')],
  ['the name of the sockets alone', 404, get('/sync')],
  ['an address of the interface that is none', 404, get('/api/v1/none')],
  ['a socket address without an upgrade', 404, get('/sync/sample/anneal.yaml')],
  ['dots', 404, get('/../secret.txt')],
  ['encoded dots', 404, get('/%2e%2e/secret.txt')],
  ['backslashes', 404, get('/..\\secret.txt')],
  ['a NUL', 404, get('/%00')],
  ['an empty first part', 404, get('//evil.example/')],
  ['an address with a scheme', 404, get('http://evil.example/')],
  ['a path that is no path', 400, get('/%zz')],
  ['a path that is not UTF-8', 400, get('/%c0%ae%c0%ae/')],
  ['a name that is none of a file system', 404, get(`/${'a'.repeat(9000)}`)],
  ['a parameter that is no text', 400, get('/api/v1/projects/%zz')],
  ['a parameter that is too long', 404, get(`/api/v1/projects/${'a'.repeat(5000)}`)],
  ['another method', 404, (host) => get('/')(host).replace('GET', 'PURGE')],
  ['bytes that are no HTTP', 400, () => '\x16\x03\x01\r\n\r\n'],
  ['two lengths', 400, get('/', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n')],
  ['a head that is too long', 431, get('/', `X: ${'a'.repeat(20_000)}\r\n`)],
  ['no host', 403, (host) => get('/')(host).replace(/Host: .*\r\n/, '')],
  ['an expectation that nobody knows', 200, get('/', 'Expect: much\r\n')],
  ['another host', 403, () => get('/')('evil.example')],
  ['an upgrade by another page', 403, upgrade('/sync/sample/anneal.yaml', 'Origin: http://evil.example\r\n')],
  ['an upgrade to nothing', 404, upgrade('/', '')],
  ['an upgrade without a key', 400, upgrade('/sync/sample/anneal.yaml', '')],
];

test('whatever is asked, the answer has a reason and the headers that keep pages apart', async () => {
  const logged: string[] = [];
  const { port } = await testServer({
    studio: { kind: 'dist', dir: await studio() },
    log: (line) => logged.push(line),
  });
  for (const [name, status, head] of cases) {
    const { headers, body, ...answered } = await answer(port, head(`localhost:${port}`));
    expect([name, answered.status]).toEqual([name, status]);
    expect([name, headers.get('cross-origin-opener-policy')]).toEqual([name, 'same-origin']);
    expect([name, headers.get('cross-origin-embedder-policy')]).toEqual([name, 'require-corp']);
    expect([name, headers.get('x-content-type-options')]).toEqual([name, 'nosniff']);
    const policy = status === 200 ? "script-src 'self'" : "default-src 'none'";
    expect([name, headers.get('content-security-policy')]).toEqual([name, expect.stringContaining(policy)]);
    expect(body).not.toContain('the secret');
    if (status !== 200) expect(errorFactsSchema.parse(JSON.parse(body)).fix).toBeTruthy();
  }
  expect(logged).toEqual([]); // what strangers send is no defect of ours
});
