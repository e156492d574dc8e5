import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { testServer } from '../testing/fixture.ts';
import { openSocket } from '../testing/raw-socket.ts';

async function untilSaid(socket: Socket, words: RegExp): Promise<string> {
  let said = '';
  for await (const piece of socket) {
    said += String(piece);
    if (words.test(said)) break;
  }
  return said;
}

test('so many requests of an address are in flight; their end makes room, however it comes', async () => {
  const { url, port } = await testServer({ requests: { inFlight: 3, atOnce: 1 } });
  const head = `POST ${API_PREFIX}/session HTTP/1.1\r\nhost: localhost:${port}\r\n`;
  const begun = `${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`;
  const sockets = [await openSocket(port), await openSocket(port), await openSocket(port)];
  for (const socket of sockets) socket.write(begun);
  const ask = async (): Promise<number> => (await fetch(`${url}${API_PREFIX}/version`)).status;
  await expect.poll(ask).toBe(429);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await expect.poll(ask).toBe(200);
});

test('a body that is long in coming keeps nobody from being worked on, and is answered when it is whole', async () => {
  const { url, port } = await testServer({ requests: { atOnce: 1 } });
  const socket = await openSocket(port);
  const head = `POST ${API_PREFIX}/projects/sample/files HTTP/1.1\r\nhost: localhost:${port}\r\n`;
  const body = JSON.stringify({ path: 'late.md', kind: 'text', text: 'x'.repeat(1000) });
  socket.write(`${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n{`);
  for (let i = 0; i < 3; i++) expect((await fetch(`${url}${API_PREFIX}/version`)).status).toBe(200);
  socket.write(body.slice(1));
  expect(await untilSaid(socket, /late\.md/)).toMatch(/^HTTP\/1\.1 201 /);
  expect((await fetch(`${url}${API_PREFIX}/version`)).status).toBe(200);
});

test('of bodies that are on their way in so much is kept for one address', async () => {
  const { url, port } = await testServer({ requests: { bodyBytes: 1000 } });
  const head = `POST ${API_PREFIX}/session HTTP/1.1\r\nhost: localhost:${port}\r\n`;
  const begun = `${head}content-type: application/json\r\ncontent-length: 3000\r\n\r\n${' '.repeat(1500)}`;
  const first = await openSocket(port);
  first.write(begun);
  expect((await fetch(`${url}${API_PREFIX}/version`)).status).toBe(200);
  const second = await openSocket(port);
  second.write(begun);
  expect(await untilSaid(second, /ANN-PRO-043/)).toMatch(/^HTTP\/1\.1 429 /);
});

test('what is asked all at once on one connection waits in line, and is answered in order', async () => {
  const { port } = await testServer({ requests: { atOnce: 2, inFlight: 50 } });
  const socket = await openSocket(port);
  const ask = `GET ${API_PREFIX}/openapi.json HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`;
  const last = `GET ${API_PREFIX}/nothing HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`;
  socket.write(ask.repeat(30) + last);
  const said = await untilSaid(socket, /ANN-PRO-004"/);
  expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual([
    ...Array.from({ length: 30 }, () => 'HTTP/1.1 200'),
    'HTTP/1.1 404',
  ]);
});
