import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { openSocket } from '../testing/raw-socket.ts';

/** What the system takes of an answer that nobody reads is some megabytes. */
const LONG = 'abcdefgh\n'.repeat(330_000);

async function serverWithLongText(options: Parameters<typeof testServer>[0]) {
  const server = await testServer(options);
  const editor = await join(server.url, 'notes.md');
  for (let i = 0; i < 4; i++) {
    editor.text.insert(0, LONG);
    await editor.untilStored();
  }
  await editor.leave();
  const asking = async (): Promise<Socket> => {
    const socket = await openSocket(server.port);
    socket.pause();
    const path = `${API_PREFIX}/projects/sample/files/notes.md`;
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost:${server.port}\r\n\r\n`);
    return socket;
  };
  return { server, asking };
}

test('an answer that nobody takes is let go; one that is taken slowly comes whole', {
  timeout: 120_000,
}, async () => {
  const bodyTimes = { atLeastMs: 30_000, bytesPerSecond: 1024, idleMs: 3_000 };
  const { asking } = await serverWithLongText({ bodyTimes });
  const [deaf, slow] = [await asking(), await asking()];
  let taken = 0;
  const begun = performance.now();
  slow.on('data', (piece: Buffer) => {
    taken += piece.length;
    slow.pause();
    setTimeout(() => slow.resume(), 40);
  });
  slow.resume();
  await expect.poll(() => taken, { timeout: 90_000 }).toBeGreaterThan(4 * LONG.length);
  expect(performance.now() - begun).toBeGreaterThan(2 * bodyTimes.idleMs);
  let heard = 0;
  deaf.on('data', (piece: Buffer) => {
    heard += piece.length;
  });
  deaf.resume();
  await expect.poll(() => deaf.destroyed).toBe(true);
  expect(heard).toBeLessThan(4 * LONG.length);
});

test('of one address so many bytes of answers wait to be taken; then the next wait, and are refused', async () => {
  const { server, asking } = await serverWithLongText({
    requests: { unreadBytes: LONG.length, waitMs: 300 },
  });
  const deaf = await asking();
  await once(deaf, 'readable');
  const ask = () => fetch(`${server.url}${API_PREFIX}/version`);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'ANN-PRO-043' });
  // Whoever asks whether the server lives is answered.
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  deaf.destroy();
  await expect.poll(async () => (await ask()).status).toBe(200);
});
