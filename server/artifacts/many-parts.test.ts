import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writeSafetensors } from '../../src/engine/formats/safetensors.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { testArtifacts } from '../testing/artifacts.ts';
import type { OpenArtifact } from './artifact-store.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const PARTS = 101;
const TENSOR_BYTES = 14_400;

/** A file of a hundred tensors, stored by a server that then counts what it does. */
async function stored(options: Parameters<typeof testArtifacts>[0] = {}) {
  const opened = await testArtifacts(options);
  const { artifacts } = opened;
  const file = writeSafetensors(
    Array.from({ length: PARTS - 1 }, (_, i) => ({
      name: `layer.${i}`,
      shape: [TENSOR_BYTES / 4],
      data: new Float32Array(new Uint8Array(randomBytes(TENSOR_BYTES)).buffer),
    })),
    {},
  );
  const key = { workspace: 'home', sha256: hash(file) };
  await artifacts.put(key, Readable.from([Buffer.from(file)]), file.length);
  const { stat } = artifacts.blobs;
  const looks = { all: 0, most: 0 };
  let now = 0;
  vi.spyOn(artifacts.blobs, 'stat').mockImplementation(async (name) => {
    now += 1;
    looks.all += 1;
    looks.most = Math.max(looks.most, now);
    try {
      return await stat.call(artifacts.blobs, name);
    } finally {
      now -= 1;
    }
  });
  const calls = vi.spyOn(SqliteStore.prototype, 'call');
  onTestFinished(() => calls.mockRestore());
  const lists = () =>
    calls.mock.calls.filter(([name]) => name === 'findArtifact' || name === 'partsWithin').length;
  const part = (index: number): string => {
    const end = file.length - (PARTS - 2 - index) * TENSOR_BYTES;
    return hash(file.subarray(end - TENSOR_BYTES, end));
  };
  return { ...opened, file, key, looks, calls, lists, part };
}

async function bytesOf(artifact: OpenArtifact, range?: { start: number; end: number }): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of artifact.read(range)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const kinds = [
  ['stored as they are', {}],
  ['sealed', { master: randomBytes(32) }],
] as const;

test.each(kinds)('the parts of a file, %s, are looked up a portion at a time', async (_, options) => {
  const { artifacts, file, key, looks } = await stored(options);
  expect(await artifacts.size(key)).toBe(file.length);
  expect(looks.all).toBeGreaterThanOrEqual(PARTS);
  expect((await bytesOf(await artifacts.open(key))).equals(file)).toBe(true);
  const again = await artifacts.put(key, Readable.from([Buffer.from(file)]), file.length);
  expect(again.created).toBe(false);
  const other = { ...key, workspace: 'other' };
  await artifacts.put(other, Readable.from([Buffer.from(file)]), file.length);
  expect((await bytesOf(await artifacts.open(other))).equals(file)).toBe(true);
  expect(looks.most).toBeLessThanOrEqual(32);
});

test('of what parts a file is made is held once, however many read it, whole or in long ranges', async () => {
  const { artifacts, file, key, lists } = await stored();
  const range = { start: 100, end: file.length - 100 };
  for (let i = 0; i < 5; i++) {
    expect((await bytesOf(await artifacts.open(key))).equals(file)).toBe(true);
    const long = await bytesOf(await artifacts.open(key, range), range);
    expect(long.equals(file.subarray(100, file.length - 99))).toBe(true);
  }
  expect(lists()).toBe(1);
});

test('those who ask for a file at the same time have it looked up once', async () => {
  const { artifacts, file, key, looks, calls } = await stored();
  await artifacts.size(key);
  looks.all = 0;
  await artifacts.open(key);
  const one = looks.all;
  looks.all = 0;
  const held = Promise.withResolvers<void>();
  const { checkAll } = artifacts.verified;
  vi.spyOn(artifacts.verified, 'checkAll').mockImplementation(async (names) => {
    await held.promise;
    return checkAll.call(artifacts.verified, names);
  });
  calls.mockClear();
  const opening = Promise.all(Array.from({ length: 50 }, () => artifacts.open(key)));
  await vi.waitUntil(
    () => calls.mock.settledResults.filter(({ type }) => type === 'fulfilled').length === 50,
    { timeout: 30_000 },
  );
  held.resolve();
  const all = await opening;
  expect(looks.all).toBe(one);
  expect(looks.most).toBeLessThanOrEqual(32);
  for (const artifact of all.slice(0, 3)) expect((await bytesOf(artifact)).equals(file)).toBe(true);
});

test('what is held tells nobody of parts that have gone, nor a workspace of what is not its own', async () => {
  const { artifacts, file, key, part } = await stored();
  await artifacts.open(key);
  await expect(artifacts.open({ ...key, workspace: 'other' })).rejects.toMatchObject({ code: 'ANN-PRO-012' });
  await artifacts.blobs.remove(part(70));
  await expect(artifacts.open(key)).rejects.toMatchObject({ code: 'ANN-PRO-012' });
  const long = { start: 0, end: file.length - 2 };
  await expect(artifacts.open(key, long)).rejects.toMatchObject({ code: 'ANN-PRO-012' });
  await artifacts.put(key, Readable.from([Buffer.from(file)]), file.length);
  expect((await bytesOf(await artifacts.open(key))).equals(file)).toBe(true);
});

test('who asks once a file was stored anew is not told what was found before', async () => {
  const { artifacts, pass, file, key, part } = await stored();
  await artifacts.blobs.remove(part(0));
  const stat = vi.mocked(artifacts.blobs.stat);
  const really = stat.getMockImplementation();
  const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  stat.mockImplementation(async (name) => {
    if (name !== part(0)) return really?.(name) ?? null;
    asked.resolve();
    await held.promise;
    return null; // as it was
  });
  pass(3600_000);
  const before = artifacts.open(key);
  const refused = expect(before).rejects.toMatchObject({ code: 'ANN-PRO-012' });
  await asked.promise;
  stat.mockImplementation(async (name) => really?.(name) ?? null);
  const spool = await artifacts.incoming.take(Readable.from([Buffer.from(file)]));
  await artifacts.publish(key, spool);
  expect((await bytesOf(await artifacts.open(key))).equals(file)).toBe(true);
  held.resolve();
  await refused;
  expect((await bytesOf(await artifacts.open(key))).equals(file)).toBe(true);
});

test('who reads pays for every part that is found for him, and not while he takes it', async () => {
  const { artifacts, file, key } = await stored();
  const open = new Set<number>();
  let parts = 0;
  const charge = () => {
    const part = parts++;
    open.add(part);
    return () => open.delete(part);
  };
  const reading = (await artifacts.open(key)).read(undefined, charge);
  expect(parts).toBe(0);
  const pieces: Buffer[] = [];
  for await (const piece of reading) {
    await vi.waitUntil(() => open.size === 0, { timeout: 30_000, interval: 1 });
    pieces.push(piece as Buffer);
  }
  expect(Buffer.concat(pieces).equals(file)).toBe(true);
  expect(parts).toBe(PARTS);
  const gone = (await artifacts.open(key)).read(undefined, charge);
  gone.once('readable', () => gone.destroy());
  await once(gone, 'close');
  expect(open.size).toBe(0);
});
