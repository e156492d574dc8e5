import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { MessageType, SyncMessageType, syncPath } from '../../src/protocol/sync.ts';
import { nothingStored } from '../store/requests/documents.ts';
import type { Store } from '../store/store.ts';
import { join } from '../testing/join.ts';
import { defaultSyncLimits, type SyncLimits } from './limits.ts';
import { noMetrics } from './metrics.ts';
import { Rooms } from './rooms.ts';
import { SyncSockets } from './sockets.ts';

const { heartbeatMs } = defaultSyncLimits;
/** What is there for a client that knows nothing. */
const QUESTION = Buffer.from([MessageType.sync, SyncMessageType.step1, 1, 0]);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function setUp(limits: Partial<SyncLimits> = {}) {
  const all = { ...defaultSyncLimits, ...limits };
  const store = { epoch: 1, lsn: 0, call: async () => nothingStored() };
  const rooms = new Rooms(store as unknown as Store, all);
  const { promise: throttled, resolve } = Promise.withResolvers<void>();
  const sockets = new SyncSockets({
    rooms,
    limits: all,
    doorkeeper: { admit: async () => null, refusal: async () => null },
    metrics: { ...noMetrics, throttled: resolve },
  });
  const http = createServer().listen(0, '127.0.0.1');
  http.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  await once(http, 'listening');
  onTestFinished(async () => {
    await sockets.close();
    await rooms.close();
    http.close();
  });
  return { throttled, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

/** A client that answers no ping, in a document that was opened. */
async function silent(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${syncPath('sample', 'notes.md')}`, {
    autoPong: false,
  });
  onTestFinished(() => socket.terminate());
  await once(socket, 'message');
  return socket;
}

/** Resolves after so many messages that are no heartbeat; rejects where the socket is closed instead. */
function answered(socket: WebSocket, count: number): Promise<void> {
  let left = count;
  return new Promise((resolve, reject) => {
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('message', (data: Buffer) => {
      if (data[0] === MessageType.sync && --left === 0) resolve();
    });
  });
}

test('who answers no ping is gone', async () => {
  const { url } = await setUp();
  const socket = await silent(url);
  const closed = once(socket, 'close');
  vi.advanceTimersByTime(4 * heartbeatMs);
  expect((await closed)[0]).toBe(1006);
});

test('whose line is so slow that a frame takes minutes is not taken for dead: his pongs are behind it', async () => {
  const { url } = await setUp();
  const socket = await silent(url);
  const { _socket: stream } = socket as unknown as { readonly _socket: Duplex };
  const send = async (): Promise<void> => {
    stream.write(Buffer.from([0x82, 0x80 | QUESTION.length, 0, 0, 0, 0]));
    for (const byte of QUESTION) {
      stream.write(Buffer.from([byte]));
      await (await join(url, 'other.md')).leave(); // what was sent before has come by then
      vi.advanceTimersByTime(1.5 * heartbeatMs);
    }
  };
  await Promise.all([answered(socket, 1), send()]);
});

test('who is not read, as he has sent too much, is not taken for dead meanwhile', async () => {
  const { throttled, url } = await setUp({ messagesPerSecond: 1 });
  const socket = await silent(url);
  const wait = async (): Promise<void> => {
    await throttled;
    vi.advanceTimersByTime(4 * heartbeatMs);
  };
  for (let i = 0; i < 3; i++) socket.send(QUESTION);
  await Promise.all([answered(socket, 3), wait()]);
});
