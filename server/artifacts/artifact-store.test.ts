import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { writeSafetensors } from '../../src/engine/formats/safetensors.ts';
import { testArtifacts } from '../testing/artifacts.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import type { ArtifactStore } from './artifact-store.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function put(artifacts: ArtifactStore, workspace: string, bytes: Uint8Array): Promise<string> {
  const sha256 = hash(bytes);
  await artifacts.put({ workspace, sha256 }, Readable.from([Buffer.from(bytes)]), bytes.length);
  return sha256;
}

async function read(
  artifacts: ArtifactStore,
  workspace: string,
  sha256: string,
  range?: { readonly start: number; readonly end: number },
): Promise<Buffer> {
  const artifact = await artifacts.open({ workspace, sha256 }, range);
  const pieces: Buffer[] = [];
  for await (const piece of artifact.read(range)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Bytes of the blobs on the disk. */
async function stored(dataDir: string): Promise<number> {
  const folder = join(dataDir, 'artifacts');
  const names = (await readdir(folder, { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function checkpoint(tensors: readonly Float32Array[], step: number): Uint8Array {
  return writeSafetensors(
    tensors.map((data, i) => ({ name: `layer.${i}.weight`, shape: [data.length], data })),
    { step: String(step) },
  );
}

test('the tenth checkpoint of a fine-tune costs what changed, and every one is given back as it was', async () => {
  const { artifacts, dataDir, collector, pass } = await testArtifacts();
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const tensors = Array.from({ length: 20 }, () => new Float32Array(randomBytes(100_000).buffer, 0, 20_000));
  const files: Uint8Array[] = [];
  for (let step = 0; step < 10; step++) {
    const changed = tensors[step];
    if (changed !== undefined) changed[random.below(changed.length)] = step + 0.5;
    const file = checkpoint(tensors, step);
    files.push(file);
    await put(artifacts, 'home', file);
  }
  const [first] = files;
  if (first === undefined) throw new Error('ten were made');
  const bytesOfOne = 80_000;
  // The first, and for each of the nine others one tensor and the header.
  expect(await stored(dataDir)).toBeLessThanOrEqual(first.length + 9 * (bytesOfOne + 4096));
  expect((await artifacts.use('home')).used).toBe(await stored(dataDir));
  for (const file of files) {
    expect(Buffer.from(file).equals(await read(artifacts, 'home', hash(file)))).toBe(true);
    for (let i = 0; i < 20; i++) {
      const start = random.below(file.length);
      const end = start + random.below(file.length - start);
      const part = await read(artifacts, 'home', hash(file), { start, end });
      expect(Buffer.from(file.subarray(start, end + 1)).equals(part)).toBe(true);
    }
  }
  // Nine of them go; what the tenth shares with them stays.
  const last = files.at(-1) ?? first;
  pass(2 * 3600_000);
  await artifacts.size({ workspace: 'home', sha256: hash(last) });
  const { artifacts: gone } = await collector.collect({ workspace: 'home', dryRun: false, graceMs: 3600_000 });
  expect(gone.map(({ sha256 }) => sha256).sort()).toEqual(
    files
      .filter((file) => file !== last)
      .map(hash)
      .sort(),
  );
  expect(Buffer.from(last).equals(await read(artifacts, 'home', hash(last)))).toBe(true);
});

test('a workspace sees its own alone, and nobody is given what he only knows the hash of', async () => {
  const { artifacts, dataDir } = await testArtifacts();
  const bytes = randomBytes(100_000);
  const sha256 = await put(artifacts, 'ada', bytes);
  expect(await artifacts.size({ workspace: 'ada', sha256 })).toBe(bytes.length);
  expect(await artifacts.size({ workspace: 'bob', sha256 })).toBeNull();
  await expect(artifacts.open({ workspace: 'bob', sha256 })).rejects.toMatchObject({ code: 'ANN-PRO-012' });
  const wrong = Readable.from([randomBytes(100_000)]);
  await expect(artifacts.put({ workspace: 'bob', sha256 }, wrong, null)).rejects.toMatchObject({
    code: 'ANN-PRO-013',
  });
  expect(await artifacts.size({ workspace: 'bob', sha256 })).toBeNull();
  await put(artifacts, 'bob', bytes);
  expect(bytes.equals(await read(artifacts, 'bob', sha256))).toBe(true);
  expect(await stored(dataDir)).toBe(bytes.length); // once, for both
});

test('damaged bytes are never given out, are put aside, and can be sent again', async () => {
  const first = await testArtifacts();
  const { dataDir } = first;
  const tensors = Array.from({ length: 4 }, () => new Float32Array(randomBytes(40_000).buffer, 0, 10_000));
  const file = checkpoint(tensors, 1);
  const sha256 = await put(first.artifacts, 'home', file);
  const folder = join(dataDir, 'artifacts');
  const names = (await readdir(folder, { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name));
  const parts = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })));
  const victim = parts.find(({ bytes }) => bytes.length === 40_000 && Buffer.from(file).indexOf(bytes) > 50_000);
  if (victim === undefined) throw new Error('each tensor is a file');
  const at = Buffer.from(file).indexOf(victim.bytes);
  victim.bytes[123] = (victim.bytes[123] ?? 0) ^ 1;
  await writeFile(join(folder, victim.name), victim.bytes);
  // The other parts are still good; whoever wants all of it, or the bad one, is told before the first byte.
  const before = { start: 0, end: at - 1 };
  expect(Buffer.from(file.subarray(0, at)).equals(await read(first.artifacts, 'home', sha256, before))).toBe(true);
  await expect(read(first.artifacts, 'home', sha256)).rejects.toMatchObject({ code: 'ANN-PRO-049' });
  expect(await first.artifacts.size({ workspace: 'home', sha256 })).toBeNull();
  await expect(read(first.artifacts, 'home', sha256)).rejects.toMatchObject({ code: 'ANN-PRO-012' });
  expect(await readdir(join(folder, 'damaged'))).toHaveLength(1);
  await put(first.artifacts, 'home', file);
  expect(Buffer.from(file).equals(await read(first.artifacts, 'home', sha256))).toBe(true);
});

test('a quota counts what workspaces really take, and is said before anything is taken in', async () => {
  const { artifacts } = await testArtifacts({ quotaBytes: 150_000 });
  await put(artifacts, 'home', randomBytes(100_000));
  const more = randomBytes(60_000);
  const key = { workspace: 'home', sha256: hash(more) };
  let read = false;
  const source = new Readable({
    read() {
      read = true;
      this.push(more);
      this.push(null);
    },
  });
  await expect(artifacts.put(key, source, more.length)).rejects.toMatchObject({
    code: 'ANN-PRO-045',
    data: { quota: 150_000, used: 100_000, needed: 60_000 },
  });
  expect(read).toBe(false);
  // Also where the length is not said: then at the end.
  await expect(artifacts.put(key, Readable.from([more]), null)).rejects.toMatchObject({ code: 'ANN-PRO-045' });
  expect(await artifacts.use('home')).toEqual({ used: 100_000, pending: 0, quota: 150_000 });
  await put(artifacts, 'other', more); // each has its own
});

test('artifacts of a folder that knew no owners are those of the first workspace', async () => {
  const dataDir = await temporaryFolder();
  const bytes = randomBytes(5000);
  const sha256 = hash(bytes);
  const folder = join(dataDir, 'artifacts', sha256.slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, sha256), bytes);
  const { artifacts } = await testArtifacts({ dataDir });
  expect(bytes.equals(await read(artifacts, 'home', sha256))).toBe(true);
  expect(await artifacts.size({ workspace: 'other', sha256 })).toBeNull();
});
