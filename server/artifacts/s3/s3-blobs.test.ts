import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { FakeS3 } from '../../testing/fake-s3.ts';
import { openBucket } from './bucket.ts';
import { S3Blobs } from './s3-blobs.ts';

/** A service that takes 100,000 bytes in one go. */
async function smallBucket() {
  const s3 = await FakeS3.start();
  const blobs = new S3Blobs(await openBucket(s3.options()), 100_000, { sent: 40_000, copied: 60_000 });
  const bytes = randomBytes(250_001);
  const name = createHash('sha256').update(bytes).digest('hex');
  const put = (source = Readable.from([bytes])) => blobs.put(name, bytes.length, async () => source);
  return { s3, blobs, bytes, name, put };
}

test('what is larger than the service takes in one go is sent, copied and put aside in parts', async () => {
  const { s3, blobs, bytes, name, put } = await smallBucket();
  await put();
  expect(s3.objects.get(blobs.key(name))?.bytes.equals(bytes)).toBe(true);
  await blobs.setAside(name);
  const [aside = ''] = s3.objects.keys();
  expect(aside).toMatch(/^anneal\/damaged\//);
  await blobs.adopt(aside, bytes.length, name);
  expect(s3.objects.get(blobs.key(name))?.bytes.equals(bytes)).toBe(true);
  expect(s3.uploads.size).toBe(0);
});

test('of what breaks off, or arrives with another bit, no part is left', async () => {
  const { s3, blobs, bytes, name, put } = await smallBucket();
  const broken = Readable.from(
    (async function* () {
      yield bytes.subarray(0, 130_000);
      throw new Error('the disk is gone');
    })(),
    { objectMode: false },
  );
  await expect(put(broken)).rejects.toThrow('the disk is gone');
  s3.damaging = 1;
  await expect(put()).rejects.toThrow();
  expect(s3.uploads.size).toBe(0);
  expect(await blobs.stat(name)).toBeNull();
});
