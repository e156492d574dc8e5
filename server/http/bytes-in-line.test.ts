import { createHash, randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { ArtifactStore } from '../artifacts/artifact-store.ts';
import { Lending } from '../projects/lending.ts';
import { testServer } from '../testing/fixture.ts';
import { openSocket } from '../testing/raw-socket.ts';
import { Gate } from './gate.ts';

type Method = 'size' | 'open' | 'put' | 'publish';

/** How many are at most in one of these at once. */
function mostIn(...methods: readonly Method[]): () => number {
  let [now, most] = [0, 0];
  for (const method of methods) {
    const work = ArtifactStore.prototype[method] as (...given: unknown[]) => Promise<unknown>;
    const counted = async function (this: ArtifactStore, ...given: unknown[]): Promise<unknown> {
      now += 1;
      most = Math.max(most, now);
      try {
        return await work.apply(this, given);
      } finally {
        now -= 1;
      }
    };
    const spy = vi.spyOn(ArtifactStore.prototype, method).mockImplementation(counted as never);
    onTestFinished(() => spy.mockRestore());
  }
  return () => most;
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const some = (bytes = 200) => Array.from({ length: 30 }, () => randomBytes(bytes));

async function server(atOnce: number) {
  const { url, port } = await testServer({ requests: { atOnce, waitMs: 60_000 } });
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array) =>
    fetch(`${url}${API_PREFIX}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
  const put = async (bytes: Uint8Array) => (await ask('PUT', `/artifacts/${hash(bytes)}`, {}, bytes)).status;
  const head = (method: string, path: string, ...more: readonly string[]): string =>
    [`${method} ${API_PREFIX}${path} HTTP/1.1`, `host: localhost:${port}`, ...more, '', ''].join('\r\n');
  return { url, port, ask, put, head };
}

/** What is answered to the one thing that is asked on a connection. */
async function statusOn(socket: Socket): Promise<number> {
  const [said] = (await once(socket, 'data')) as [Buffer];
  return Number(String(said).slice(9, 12));
}

const all = (status: number): number[] => Array.from({ length: 30 }, () => status);

test('of artifacts that are asked for, so many are looked up and opened at once', async () => {
  const { ask, put } = await server(2);
  const bytes = randomBytes(500);
  await put(bytes);
  const most = mostIn('size', 'open');
  const answers = await Promise.all(some().map(() => ask('GET', `/artifacts/${hash(bytes)}`)));
  expect(answers.map(({ status }) => status)).toEqual(all(200));
  for (const answer of answers) expect(hash(await answer.bytes())).toBe(hash(bytes));
  expect(most()).toBe(2);
});

test('of uploads whose bytes have come with their heads, so many are worked on at once', async () => {
  const { port, head } = await server(2);
  const most = mostIn('put');
  const statuses = await Promise.all(
    some().map(async (bytes) => {
      const socket = await openSocket(port);
      const begun = head('PUT', `/artifacts/${hash(bytes)}`, `content-length: ${bytes.length}`);
      socket.write(Buffer.concat([Buffer.from(begun), bytes]));
      return statusOn(socket);
    }),
  );
  expect(statuses).toEqual(all(201));
  expect(most()).toBe(2);
});

test('of uploads whose bytes have come later, so many are hashed and stored at once', async () => {
  const { ask, port, head } = await server(2);
  const most = mostIn('publish');
  const begun = await Promise.all(
    some().map(async (bytes) => {
      const socket = await openSocket(port);
      socket.write(head('PUT', `/artifacts/${hash(bytes)}`, `content-length: ${bytes.length}`));
      socket.write(bytes.subarray(0, 100));
      return { socket, bytes };
    }),
  );
  // All of them wait for bytes, and nobody for them.
  expect((await ask('GET', '/version')).status).toBe(200);
  const answers = begun.map(({ socket }) => statusOn(socket));
  for (const { socket, bytes } of begun) socket.write(bytes.subarray(100));
  expect(await Promise.all(answers)).toEqual(all(201));
  expect(most()).toBe(2);
});

test('of uploads in pieces whose last has come, so many are hashed and stored at once', async () => {
  const { ask } = await server(2);
  const most = mostIn('publish');
  const send = async (bytes: Uint8Array): Promise<number> => {
    const sha256 = hash(bytes);
    const tus = { 'tus-resumable': '1.0.0', 'anneal-client': 'client-one' };
    const metadata = `sha256 ${Buffer.from(sha256).toString('base64')}`;
    await ask('POST', '/uploads', {
      ...tus,
      'upload-length': String(bytes.length),
      'upload-metadata': metadata,
    });
    const type = 'application/offset+octet-stream';
    const headers = { ...tus, 'upload-offset': '0', 'content-type': type };
    return (await ask('PATCH', `/uploads/${sha256}`, headers, bytes)).status;
  };
  expect(await Promise.all(some(300_000).map(send))).toEqual(all(204));
  expect(most()).toBe(2);
});

test('who takes a download slowly keeps nobody from being worked on, nor does who sends one slowly', async () => {
  const { ask, put, port, head } = await server(1);
  const bytes = randomBytes(32 * 1024 * 1024);
  await put(bytes);
  const reader = await openSocket(port);
  reader.write(head('GET', `/artifacts/${hash(bytes)}`));
  await once(reader, 'readable'); // and no more of it
  const sender = await openSocket(port);
  const slow = randomBytes(200);
  sender.write(head('PUT', `/artifacts/${hash(slow)}`, 'content-length: 200'));
  sender.write(slow.subarray(0, 1));
  for (let i = 0; i < 3; i++) expect((await ask('GET', '/version')).status).toBe(200);
  expect((await ask('GET', `/artifacts/${hash(bytes)}`, { range: 'bytes=0-9' })).status).toBe(206);
  const answer = statusOn(sender);
  sender.write(slow.subarray(1));
  expect(await answer).toBe(201);
});

test('an answer to an upload that waits behind a download nobody takes keeps nobody from being worked on', async () => {
  const { ask, put, port, head } = await server(1);
  const bytes = randomBytes(32 * 1024 * 1024);
  await put(bytes);
  const reader = await openSocket(port);
  const tus = ['tus-resumable: 1.0.0', 'anneal-client: client-one'];
  reader.write(head('GET', `/artifacts/${hash(bytes)}`) + head('HEAD', `/uploads/${hash(bytes)}`, ...tus));
  await once(reader, 'readable'); // and no more of it
  for (let i = 0; i < 3; i++) expect((await ask('GET', '/version')).status).toBe(200);
});

test('whoever has gone is worked for as long as it takes, in a place of the line', async () => {
  const { url, ask, put, port, head } = await server(1);
  const bytes = randomBytes(500);
  await put(bytes);
  const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { mustReach } = Lending.prototype;
  let [now, most] = [0, 0];
  const spy = vi.spyOn(Lending.prototype, 'mustReach');
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation(async function (this: Lending, ...given) {
    now += 1;
    most = Math.max(most, now);
    asked.resolve();
    await held.promise;
    now -= 1;
    return mustReach.apply(this, given);
  });
  const entered = vi.spyOn(Gate.prototype, 'enter');
  onTestFinished(() => entered.mockRestore());
  const gone = await openSocket(port);
  gone.write(head('GET', `/artifacts/${hash(bytes)}`));
  await asked.promise;
  const [[, response] = []] = entered.mock.calls;
  const left = once(response as EventEmitter, 'close');
  gone.destroy();
  await left;
  const others = Promise.all(some().map(() => ask('GET', `/artifacts/${hash(bytes)}`)));
  await expect.poll(() => entered.mock.calls.length).toBe(31);
  for (let i = 0; i < 3; i++) expect((await fetch(`${url}/health`)).status).toBe(200); // in no line
  held.resolve();
  expect((await others).map(({ status }) => status)).toEqual(all(200));
  expect(most).toBe(1);
});
