import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { writeSafetensors } from '../../src/engine/formats/safetensors.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { testArtifacts } from '../testing/artifacts.ts';
import { FakeS3 } from '../testing/fake-s3.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { KeyRing } from '../vault/key-ring.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { FolderBlobs } from './folder/folder-blobs.ts';
import { resealArtifacts } from './reseal.ts';
import { SealedBlobs } from './sealed-blobs.ts';

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

/** Bytes of the blobs, as they are before they are sealed. */
async function stored({ blobs }: ArtifactStore): Promise<number> {
  let sum = 0;
  for await (const { bytes } of blobs.list()) sum += bytes;
  return sum;
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

/** Where artifacts can lie; `damage` changes one bit of a blob behind the server's back. */
const kinds = {
  'a folder': async (options: { readonly quotaBytes?: number } = {}) => {
    const opened = await testArtifacts(options);
    const folder = join(opened.dataDir, 'artifacts');
    return { ...opened, damage: (name: string) => flip(join(folder, name.slice(0, 2), name)) };
  },
  'a folder, sealed': async (options: { readonly quotaBytes?: number } = {}) => {
    const opened = await testArtifacts({ ...options, master: randomBytes(32) });
    const folder = join(opened.dataDir, 'artifacts', 'spaces');
    return {
      ...opened,
      damage: (name: string) => {
        const [space = '', hash = ''] = name.split('/');
        return flip(join(folder, space, hash.slice(0, 2), hash));
      },
    };
  },
  'a bucket': async (options: { readonly quotaBytes?: number } = {}) => {
    const s3 = await FakeS3.start();
    const opened = await testArtifacts({ ...options, bucket: s3.options() });
    return {
      ...opened,
      damage: async (name: string) => {
        const key = `anneal/blobs/${name}`;
        const kept = s3.objects.get(key);
        if (kept === undefined) throw new Error(`${key} is not there`);
        const bytes = Buffer.from(kept.bytes);
        const at = bytes.length >> 1;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        s3.objects.set(key, { ...kept, bytes });
      },
    };
  },
} as const;

function checkpoint(tensors: readonly Float32Array[], step: number): Uint8Array {
  return writeSafetensors(
    tensors.map((data, i) => ({ name: `layer.${i}.weight`, shape: [data.length], data })),
    { step: String(step) },
  );
}

describe.each(Object.entries(kinds))('artifacts in %s', (kind, open) => {
  test('the tenth checkpoint of a fine-tune costs what changed, and every one is given back as it was', async () => {
    const { artifacts, collector, pass } = await open();
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    const tensors = Array.from(
      { length: 20 },
      () => new Float32Array(randomBytes(100_000).buffer, 0, 20_000),
    );
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
    expect(await stored(artifacts)).toBeLessThanOrEqual(first.length + 9 * (bytesOfOne + 4096));
    expect((await artifacts.use('home')).used).toBe(await stored(artifacts));
    for (const file of files) {
      expect(Buffer.from(file).equals(await read(artifacts, 'home', hash(file)))).toBe(true);
      for (let i = 0; i < 5; i++) {
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
    const { artifacts: gone } = await collector.collect({
      workspace: 'home',
      dryRun: false,
      graceMs: 3600_000,
    });
    expect(gone.map(({ sha256 }) => sha256).sort()).toEqual(
      files
        .filter((file) => file !== last)
        .map(hash)
        .sort(),
    );
    expect(Buffer.from(last).equals(await read(artifacts, 'home', hash(last)))).toBe(true);
  });

  test('a workspace sees its own alone, and nobody is given what he only knows the hash of', async () => {
    const { artifacts } = await open();
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
    // Once for both, unless each has a key of its own.
    expect(await stored(artifacts)).toBe(kind === 'a folder, sealed' ? 2 * bytes.length : bytes.length);
  });

  test('damaged bytes are never given out, are put aside, and can be sent again', async () => {
    const { artifacts, damage } = await open();
    const tensors = Array.from({ length: 4 }, () => new Float32Array(randomBytes(40_000).buffer, 0, 10_000));
    const file = checkpoint(tensors, 1);
    const sha256 = await put(artifacts, 'home', file);
    const last = file.subarray(file.length - 40_000); // layer.3.weight
    const at = file.length - 40_000;
    for await (const { name } of artifacts.blobs.list()) if (name.endsWith(hash(last))) await damage(name);
    // The other parts are still good; whoever wants all of it, or the bad one, is told before the first byte.
    const before = { start: 0, end: at - 1 };
    expect(Buffer.from(file.subarray(0, at)).equals(await read(artifacts, 'home', sha256, before))).toBe(
      true,
    );
    await expect(read(artifacts, 'home', sha256)).rejects.toMatchObject({ code: 'ANN-PRO-049' });
    expect(await artifacts.size({ workspace: 'home', sha256 })).toBeNull();
    await expect(read(artifacts, 'home', sha256)).rejects.toMatchObject({ code: 'ANN-PRO-012' });
    await put(artifacts, 'home', file);
    expect(Buffer.from(file).equals(await read(artifacts, 'home', sha256))).toBe(true);
    // Nor does another file get what is damaged of the one that it shares it with.
    for await (const { name } of artifacts.blobs.list()) if (name.endsWith(hash(last))) await damage(name);
    const next = checkpoint(tensors, 2);
    expect(Buffer.from(next).equals(await read(artifacts, 'home', await put(artifacts, 'home', next)))).toBe(
      true,
    );
  });

  test('of many parts only those are looked up that are asked for, and not with every question', async () => {
    const { artifacts, pass } = await open();
    const tensors = Array.from({ length: 60 }, () => new Float32Array(randomBytes(8_000).buffer, 0, 2_000));
    const file = checkpoint(tensors, 1);
    const key = { workspace: 'home', sha256: await put(artifacts, 'home', file) };
    const looked = vi.spyOn(artifacts.blobs, 'stat');
    const count = async (work: () => Promise<unknown>): Promise<number> => {
      looked.mockClear();
      await work();
      return looked.mock.calls.length;
    };
    const whole = await count(() => artifacts.size(key));
    expect(whole).toBeGreaterThanOrEqual(60);
    expect(await count(async () => expect(await artifacts.size(key)).toBe(file.length))).toBe(0);
    const asked = vi.spyOn(SqliteStore.prototype, 'call');
    onTestFinished(() => asked.mockRestore());
    for (const start of [0, 100, 240_000, file.length - 20_000, file.length - 1]) {
      const range = { start, end: Math.min(start + 17_000, file.length - 1) };
      const lookedUp = await count(async () =>
        expect(
          (await read(artifacts, 'home', key.sha256, range)).equals(file.subarray(start, range.end + 1)),
        ).toBe(true),
      );
      expect(lookedUp).toBeLessThan(20);
    }
    expect(asked.mock.calls.map(([name]) => name)).not.toContain('findArtifact');
    // What has gone behind the server's back is found out by whoever reads it, or later.
    const last = artifacts.size(key).then(() => artifacts.blobs.list());
    for await (const { name } of await last)
      if (name.endsWith(hash(file.subarray(-8_000)))) await artifacts.blobs.remove(name);
    const end = { start: file.length - 10, end: file.length - 1 };
    await expect(read(artifacts, 'home', key.sha256, end)).rejects.toMatchObject({ code: 'ANN-PRO-012' });
    expect(await artifacts.size(key)).toBeNull();
    await put(artifacts, 'home', file);
    expect(await artifacts.size(key)).toBe(file.length);
    pass(3600_000);
    expect(await count(() => artifacts.size(key))).toBeGreaterThanOrEqual(60);
  });

  test('a disk that forgets is found out before anybody reads', async () => {
    const { artifacts, damage, pass } = await open();
    const begun = Date.now();
    const good = await put(artifacts, 'home', randomBytes(10_000));
    const bad = await put(artifacts, 'home', randomBytes(10_000));
    const scrub = (bytes = 1e9) => artifacts.verified.scrub(Date.now() + 1000, bytes, () => false);
    expect(await scrub()).toEqual([]);
    for await (const { name } of artifacts.blobs.list()) if (name.endsWith(bad)) await damage(name);
    pass(3600_000);
    expect(await artifacts.verified.scrub(begun, 1e9, () => false)).toEqual([]); // not yet due
    expect(await scrub(0)).toEqual([]);
    expect((await scrub()).map(({ code, where }) => [code, where])).toEqual([['ANN-PRO-049', bad]]);
    expect(await artifacts.size({ workspace: 'home', sha256: bad })).toBeNull();
    expect(await artifacts.size({ workspace: 'home', sha256: good })).toBe(10_000);
  });

  test('a quota counts what workspaces really take, and is said before anything is taken in', async () => {
    const { artifacts, dataDir } = await open({ quotaBytes: 150_000 });
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
      message: 'The workspace may have 150 kB of artifacts and has 100 kB: there is no room for 60 kB more',
      data: { quota: 150_000, used: 100_000, needed: 60_000 },
    });
    expect(read).toBe(false);
    // Also where the length is not said: then when there is no more room, whatever would still come.
    let sent = 0;
    const endless = Readable.from(
      (async function* () {
        for (; ; sent += 10_000) yield randomBytes(10_000);
      })(),
      { objectMode: false },
    );
    await expect(artifacts.put(key, endless, null)).rejects.toMatchObject({
      code: 'ANN-PRO-045',
      data: { quota: 150_000, used: 100_000, pending: 0, needed: 60_000 },
    });
    expect(sent).toBeLessThan(200_000); // what streams have in hand
    expect(await readdir(join(dataDir, 'artifacts', 'incoming'))).toEqual([]);
    expect(await artifacts.use('home')).toEqual({ used: 100_000, pending: 0, quota: 150_000 });
    await put(artifacts, 'other', more); // each has its own
  });

  test('of many that send without saying how much, no more comes in than the quota allows', async () => {
    const { artifacts } = await open({ quotaBytes: 1_000_000 });
    const fits = randomBytes(300_000);
    let most = 0;
    const slowly = (bytes: Buffer) =>
      Readable.from(
        (async function* () {
          for (let at = 0; at < bytes.length; at += 50_000) {
            yield bytes.subarray(at, at + 50_000);
            most = Math.max(most, (await artifacts.use('home')).pending);
          }
        })(),
        { objectMode: false },
      );
    const results = await Promise.allSettled(
      [fits, ...Array.from({ length: 5 }, () => randomBytes(600_000))].map((bytes) =>
        artifacts.put({ workspace: 'home', sha256: hash(bytes) }, slowly(bytes), null),
      ),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ANN-PRO-045' });
    expect(most).toBeLessThanOrEqual(1_000_000);
    const { used, pending } = await artifacts.use('home');
    expect(pending).toBe(0);
    expect(used).toBeLessThanOrEqual(1_000_000);
  });

  test('what is there already takes no room when it is sent again, and other bytes leave nothing', async () => {
    const { artifacts, dataDir } = await open({ quotaBytes: 100_000 });
    const bytes = randomBytes(100_000);
    const key = { workspace: 'home', sha256: await put(artifacts, 'home', bytes) };
    const again = await artifacts.put(key, Readable.from([bytes]), null);
    expect(again).toEqual({ sha256: key.sha256, bytes: 100_000, created: false });
    let written = 0;
    const other = Readable.from(
      (async function* () {
        for (let n = 0; n < 20; n++) {
          yield randomBytes(100_000);
          written += (await readdir(join(dataDir, 'artifacts', 'incoming'))).length;
        }
      })(),
      { objectMode: false },
    );
    await expect(artifacts.put(key, other, 2_000_000)).rejects.toMatchObject({ code: 'ANN-PRO-013' });
    expect(written).toBe(0);
    expect(bytes.equals(await read(artifacts, 'home', key.sha256))).toBe(true);
  });
});

test('a bucket refuses what arrives there with another bit, and nothing is left', async () => {
  const s3 = await FakeS3.start();
  const { artifacts } = await testArtifacts({ bucket: s3.options() });
  const whole = randomBytes(50_000);
  const cut = checkpoint([new Float32Array(randomBytes(40_000).buffer, 0, 10_000)], 1);
  for (const bytes of [whole, cut]) {
    s3.damaging = 1;
    await expect(put(artifacts, 'home', bytes)).rejects.toThrow();
    expect(await artifacts.size({ workspace: 'home', sha256: hash(bytes) })).toBeNull();
    await put(artifacts, 'home', bytes);
    expect((await read(artifacts, 'home', hash(bytes))).equals(bytes)).toBe(true);
  }
});

test('a damaged blob keeps no other one from its new key', async () => {
  const master = randomBytes(32);
  const { artifacts, store, dataDir } = await testArtifacts({ master });
  const names = [];
  for (const n of [1, 2, 3]) names.push(await put(artifacts, 'home', Buffer.from(`artifact ${n}`)));
  const [bad = '', ...good] = names.sort();
  await flip(join(dataDir, 'artifacts', 'spaces', 'home', bad.slice(0, 2), bad));
  const keys = await KeyRing.open(
    store,
    { now: Date.now, elapsed: () => 0 },
    { current: master, previous: null },
  );
  await keys.make('home', true);
  const blobs = new SealedBlobs(new FolderBlobs(join(dataDir, 'artifacts')), keys);
  expect(await resealArtifacts(store, artifacts, blobs, () => false)).toBe(2);
  for (const name of good) expect(await blobs.isCurrent(`home/${name}`)).toBe(true);
  expect(await artifacts.size({ workspace: 'home', sha256: bad })).toBeNull();
});

test('what another server collects in the moment before it is known whose it is is stored again', async () => {
  const { artifacts } = await testArtifacts();
  const bytes = randomBytes(50_000);
  const sha256 = await put(artifacts, 'ada', bytes);
  const { call } = SqliteStore.prototype;
  const spy = vi.spyOn(SqliteStore.prototype, 'call');
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation(async function (this: SqliteStore, name, input) {
    if (name === 'ownArtifact') await artifacts.blobs.remove(sha256);
    return call.call(this, name, input);
  } as typeof call);
  await put(artifacts, 'bob', bytes);
  expect(bytes.equals(await read(artifacts, 'bob', sha256))).toBe(true);
});

test('room that was set aside for bytes whose server was killed is free at the next start', async () => {
  const dataDir = await temporaryFolder();
  const first = await SqliteStore.open(dataDir);
  const killed = { workspace: 'home', sha256: 'put-killed', bytes: 90, client: 'put-killed' };
  const now = Date.now();
  await first.call('beginUpload', { ...killed, now, until: now + 24 * 3600_000, usual: 100 });
  await first.close();
  const { artifacts } = await testArtifacts({ dataDir, quotaBytes: 100 });
  expect(await artifacts.use('home')).toEqual({ used: 0, pending: 0, quota: 100 });
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

test('what was stored before the vault is read, and sealed in the background', async () => {
  const dataDir = await temporaryFolder();
  const bytes = randomBytes(200_000);
  const sha256 = hash(bytes);
  const folder = join(dataDir, 'artifacts', sha256.slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, sha256), bytes);
  const { artifacts } = await testArtifacts({ dataDir, master: randomBytes(32) });
  expect(bytes.equals(await read(artifacts, 'home', sha256))).toBe(true);
  const names = async () => {
    const found = [];
    for await (const { name } of artifacts.blobs.list()) found.push(name);
    return found;
  };
  await expect.poll(names).toEqual([`home/${sha256}`]);
  const sealed = await readFile(join(dataDir, 'artifacts', 'spaces', 'home', sha256.slice(0, 2), sha256));
  expect(sealed.includes(bytes.subarray(0, 64))).toBe(false);
  const range = { start: 65_530, end: 131_100 };
  const part = await read(artifacts, 'home', sha256, range);
  expect(bytes.subarray(range.start, range.end + 1).equals(part)).toBe(true);
});
