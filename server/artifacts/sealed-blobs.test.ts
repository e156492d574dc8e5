import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { KeyRing } from '../vault/key-ring.ts';
import { FolderBlobs } from './folder/folder-blobs.ts';
import { SealedBlobs } from './sealed-blobs.ts';
import { VerifiedBlobs } from './verified-blobs.ts';

const clock = { now: Date.now, elapsed: () => performance.now() };

/** Something is done in between of what is read; the first so many times. */
class Interrupted extends FolderBlobs {
  left = 0;
  work: () => Promise<unknown> = async () => undefined;

  override async read(...given: Parameters<FolderBlobs['read']>) {
    const found = await super.read(...given);
    if (this.left-- > 0) await this.work();
    return found;
  }
}

async function sealedBlob() {
  const folder = await temporaryFolder();
  const store = await SqliteStore.open(folder);
  onTestFinished(() => store.close());
  const ring = await KeyRing.open(store, clock, { current: randomBytes(32), previous: null });
  const inner = new Interrupted(join(folder, 'artifacts'));
  await mkdir(inner.incoming, { recursive: true });
  const blobs = new SealedBlobs(inner, ring);
  const bytes = randomBytes(200_000);
  const name = `home/${createHash('sha256').update(bytes).digest('hex')}`;
  const put = () => blobs.put(name, bytes.length, async () => Readable.from([bytes]));
  await put();
  inner.work = async () => {
    await ring.make('home', true);
    await put(); // as rotated keys are followed in the background
  };
  return { inner, blobs, bytes, name };
}

async function all(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

test('a blob that is sealed anew while it is read is read as it was, or as it is', async () => {
  const { inner, blobs, bytes, name } = await sealedBlob();
  for (const times of [1, 2, 3]) {
    inner.left = times;
    expect((await all(await blobs.read(name))).equals(bytes)).toBe(true);
    inner.left = times;
    const part = await all(await blobs.read(name, { start: 65_000, end: 140_000 }));
    expect(part.equals(bytes.subarray(65_000, 140_001))).toBe(true);
  }
});

test('a good blob is never put aside because it was sealed anew while somebody looked at it', async () => {
  const { inner, blobs, bytes, name } = await sealedBlob();
  for (const times of [1, 2, 3, 4]) {
    inner.left = times;
    const verified = new VerifiedBlobs(blobs, clock);
    expect((await verified.check(name))?.bytes).toBe(bytes.length);
  }
});
