import { request } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { syncPath } from '../../src/protocol/sync.ts';
import { testServer } from '../testing/fixture.ts';

interface Reply {
  readonly status: number;
  readonly code: string | null;
}

/** fetch would not let a test lie about Host and Origin. */
function get(port: number, path: string, headers: Record<string, string>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      const code = text.startsWith('{') ? ((JSON.parse(text) as { code?: string }).code ?? null) : null;
      resolve({ status: response.statusCode ?? 0, code });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** 101, or the status that the upgrade was refused with. */
function upgrade(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${syncPath('sample', 'anneal.yaml')}`, { headers });
    socket.on('error', () => undefined);
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
  });
}

type Headers = (port: number) => Record<string, string>;

const own: [string, Headers][] = [
  ['a tool that says nothing of where it comes from', (port) => ({ host: `127.0.0.1:${port}` })],
  [
    'a page at localhost',
    (port) => ({
      host: `localhost:${port}`,
      origin: `http://localhost:${port}`,
      'sec-fetch-site': 'same-origin',
    }),
  ],
  ['a page at [::1]', (port) => ({ host: `[::1]:${port}`, origin: `http://[::1]:${port}` })],
  ['an address typed into the browser', (port) => ({ host: `localhost:${port}`, 'sec-fetch-site': 'none' })],
];

const foreign: [string, Headers, string][] = [
  [
    'a page of another origin',
    (port) => ({ host: `localhost:${port}`, origin: 'https://evil.example' }),
    'ANN-PRO-002',
  ],
  [
    'a page at another port of this machine',
    (port) => ({ host: `localhost:${port}`, origin: 'http://localhost:5173' }),
    'ANN-PRO-002',
  ],
  ['a sandboxed page', (port) => ({ host: `localhost:${port}`, origin: 'null' }), 'ANN-PRO-002'],
  [
    'an origin that begins like ours',
    (port) => ({ host: `localhost:${port}`, origin: `http://localhost:${port}.evil.example` }),
    'ANN-PRO-002',
  ],
  [
    'an image on another site',
    (port) => ({ host: `localhost:${port}`, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }),
    'ANN-PRO-002',
  ],
  [
    'a script tag at another port',
    (port) => ({ host: `localhost:${port}`, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }),
    'ANN-PRO-002',
  ],
  ['a rebound name', (port) => ({ host: `evil.example:${port}` }), 'ANN-PRO-003'],
  [
    'a rebound name with its own origin',
    (port) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }),
    'ANN-PRO-003',
  ],
  ['another port', () => ({ host: 'localhost:80' }), 'ANN-PRO-003'],
  ['no port', () => ({ host: 'localhost' }), 'ANN-PRO-003'],
];

test.each(own)('%s is let in', async (_, headers) => {
  const { port } = await testServer();
  expect((await get(port, '/api/v1/health', headers(port))).status).toBe(200);
  expect(await upgrade(port, headers(port))).toBe(101);
});

test.each(foreign)('%s is refused, for requests and for sockets', async (_, headers, code) => {
  const { port } = await testServer();
  for (const path of ['/api/v1/health', '/', '/api/v1/nothing']) {
    expect(await get(port, path, headers(port))).toEqual({ status: 403, code });
  }
  expect(await upgrade(port, headers(port))).toBe(403);
});

test('a link from another site opens the studio, and nothing else', async () => {
  const { port } = await testServer();
  const headers = {
    host: `localhost:${port}`,
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };
  expect((await get(port, '/', headers)).status).toBe(404); // this server has no studio
  expect((await get(port, '/api/v1/projects', headers)).status).toBe(403);
});

test('names and a public address that were configured are its own', async () => {
  const { port, url } = await testServer({
    allowHosts: ['Workstation', 'box:8080'],
    publicUrl: 'https://anneal.example.org/',
  });
  expect(url).toBe('https://anneal.example.org');
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await get(port, '/api/v1/health', headers)).status;
  expect(await status({ host: `workstation:${port}`, origin: `http://workstation:${port}` })).toBe(200);
  expect(await status({ host: 'box:8080', origin: 'https://box:8080' })).toBe(200);
  expect(await status({ host: 'box:8081' })).toBe(403);
  expect(await status({ host: 'anneal.example.org', origin: 'https://anneal.example.org' })).toBe(200);
  expect(await status({ host: 'anneal.example.org', origin: 'http://anneal.example.org' })).toBe(403);
  expect(await status({ host: `localhost:${port}`, origin: 'https://evil.example' })).toBe(403);
});
