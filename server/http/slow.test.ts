import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { openSocket } from '../testing/raw-socket.ts';

const head = (port: number, method: string, path: string, length: number, type = 'application/json') =>
  `${method} ${API_PREFIX}${path} HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;

/** All that comes until the other side ends it. */
async function answer(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket, 'close');
  return Buffer.concat(pieces).toString();
}

const times = { atLeastMs: 300, bytesPerSecond: 1024 * 1024, idleMs: 4_000 };

test.each([
  ['a sign-in', 'POST', '/session'],
  ['a file', 'POST', '/projects/sample/files'],
  ['what nobody reads', 'POST', '/nothing'],
])('%s whose end never comes is answered and ended', async (_, method, path) => {
  const { port } = await testServer({ bodyTimes: { ...times, bytesPerSecond: 64 * 1024 * 1024 } });
  const socket = await openSocket(port);
  socket.write(`${head(port, method, path, 1000)}{"name":`);
  const said = await answer(socket);
  expect(said).toMatch(/^HTTP\/1\.1 408 /);
  expect(said).toContain('ANN-PRO-040');
});

test('a body that nobody asked for ends nothing but its own connection', async () => {
  const bodyTimes = { ...times, bytesPerSecond: 64 * 1024 * 1024, idleMs: 60_000 };
  const { url, port } = await testServer({ bodyTimes });
  const bytes = randomBytes(16 * 1024 * 1024);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const address = `${url}${API_PREFIX}/artifacts/${sha256}`;
  expect((await fetch(address, { method: 'PUT', body: new Uint8Array(bytes) })).status).toBe(201);
  const reader = await openSocket(port);
  reader.write(head(port, 'GET', `/artifacts/${sha256}`, 10));
  await once(reader, 'readable'); // and no more of it, so that the answer takes its time
  const late = await openSocket(port);
  late.write(head(port, 'POST', '/session', 10));
  expect(await answer(late)).toMatch(/^HTTP\/1\.1 408 /); // by now the time of the other is over too
  expect((await fetch(`${url}${API_PREFIX}/health`)).status).toBe(200);
  expect((await answer(reader)).length).toBeGreaterThan(1024 * 1024);
});

test('an upload that is slow goes on, for as long as something comes', async () => {
  const { port } = await testServer({ bodyTimes: times });
  const bytes = randomBytes(28);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const socket = await openSocket(port);
  const said = once(socket, 'data');
  const begun = performance.now();
  socket.write(head(port, 'PUT', `/artifacts/${sha256}`, bytes.length, 'application/octet-stream'));
  // One byte at a time, for longer than anything else may take.
  await new Promise<void>((done) => {
    let at = 0;
    const timer = setInterval(() => {
      socket.write(bytes.subarray(at, ++at));
      if (at < bytes.length) return;
      clearInterval(timer);
      done();
    }, 300);
  });
  expect(performance.now() - begun).toBeGreaterThan(2 * times.idleMs);
  const [data] = (await said) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1\.1 201 /);
});

test('an upload of which nothing comes any more is ended', async () => {
  const { port } = await testServer({ bodyTimes: times });
  const sha256 = createHash('sha256').update('never').digest('hex');
  const socket = await openSocket(port);
  socket.write(`${head(port, 'PUT', `/artifacts/${sha256}`, 1000, 'application/octet-stream')}some`);
  await once(socket, 'close');
});

test('one address has so many connections; sync sockets count elsewhere, and who leaves makes room', async () => {
  const { url, port } = await testServer({ connections: { perAddress: 2, total: 100 } });
  const editors: Editor[] = [];
  // One after the other: each is an HTTP connection until it has become a sync socket.
  for (let i = 0; i < 3; i++) {
    const editor = new Editor(url, '/sync/sample/anneal.yaml');
    editors.push(editor);
    await editor.untilSynced();
  }
  const ask = `GET ${API_PREFIX}/health HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`;
  const answered = async (socket: Socket): Promise<string> => {
    socket.write(ask);
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString().slice(0, 12);
  };
  const [first, second] = [await openSocket(port), await openSocket(port)];
  expect([await answered(first), await answered(second)]).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  const third = await openSocket(port);
  await once(third, 'close');
  first.destroy();
  await once(first, 'close');
  // The server hears of it a moment later.
  const next = async (): Promise<string> => {
    const socket = await openSocket(port);
    socket.write(ask);
    const said = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return Buffer.isBuffer(said[0]) ? said[0].toString().slice(0, 12) : next();
  };
  expect(await next()).toBe('HTTP/1.1 200');
  for (const editor of editors) await editor.leave();
});
