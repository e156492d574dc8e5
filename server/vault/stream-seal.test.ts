import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serverErrors } from '../errors.ts';
import {
  BLOB_HEAD_BYTES,
  CHUNK_BYTES,
  isSealedBlob,
  keyOfBlob,
  openBlob,
  openedBytes,
  sealBlob,
  sealedBytes,
  sealedRange,
} from './stream-seal.ts';

const key = { id: '0123456789abcdef', workspace: 'home', bytes: randomBytes(32), strict: true };
const name = 'home/hash';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

const seal = (bytes: Uint8Array, piece = 50_000, as = name): Promise<Buffer> =>
  all(sealBlob(key, as, bytes.length, inPieces(bytes, piece)));

async function open(
  sealed: Uint8Array,
  bytes: number,
  range = { start: 0, end: bytes - 1 },
  as = name,
): Promise<Buffer> {
  const { start, end } = sealedRange(bytes, range);
  const head = sealed.subarray(0, BLOB_HEAD_BYTES);
  return all(
    openBlob(key, { name: as, bytes, head }, range, inPieces(sealed.subarray(start, end + 1), 7_777)),
  );
}

const sizes = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5];

test.each(sizes)(
  '%d bytes come back, and their number is known from that of the sealed ones',
  async (size) => {
    const bytes = randomBytes(size);
    const sealed = await seal(bytes);
    expect(sealed.length).toBe(sealedBytes(size));
    expect(openedBytes(sealed.length)).toBe(size);
    expect(isSealedBlob(sealed)).toBe(true);
    expect(keyOfBlob(sealed)).toBe(key.id);
    expect((await open(sealed, size)).equals(bytes)).toBe(true);
    if (size > 100) expect(sealed.includes(bytes.subarray(10, 60))).toBe(false);
  },
);

test('no other length is taken for that of a sealed blob', () => {
  const lengths = new Set(Array.from({ length: 200 }, (_, size) => sealedBytes(size)));
  for (let length = 0; length < 200; length++) {
    expect(openedBytes(length) === null, `${length}`).toBe(!lengths.has(length));
  }
  expect(openedBytes(sealedBytes(CHUNK_BYTES) + 3)).toBeNull(); // less than a tag for the chunk behind it
});

test('any range is what the bytes have there', async () => {
  const bytes = randomBytes(2 * CHUNK_BYTES + 1000);
  const sealed = await seal(bytes);
  const at = fc.oneof(
    fc.integer({ min: 0, max: bytes.length - 1 }),
    fc.constantFrom(0, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES, bytes.length - 1),
  );
  await fc.assert(
    fc.asyncProperty(at, at, async (a, b) => {
      const range = { start: Math.min(a, b), end: Math.max(a, b) };
      const opened = await open(sealed, bytes.length, range);
      expect(opened.equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('a byte that was changed, chunks that were moved or cut, another name: nothing of it is given out', async () => {
  const bytes = randomBytes(2 * CHUNK_BYTES + 1000);
  const sealed = await seal(bytes);
  const { code } = serverErrors.sealBroken;
  const chunk = CHUNK_BYTES + 16;
  for (const at of [9, 20, BLOB_HEAD_BYTES, BLOB_HEAD_BYTES + chunk + 5, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    await expect(open(changed, bytes.length), `byte ${at}`).rejects.toMatchObject({ code });
  }
  const first = sealed.subarray(BLOB_HEAD_BYTES, BLOB_HEAD_BYTES + chunk);
  const second = sealed.subarray(BLOB_HEAD_BYTES + chunk, BLOB_HEAD_BYTES + 2 * chunk);
  const head = sealed.subarray(0, BLOB_HEAD_BYTES);
  const swapped = Buffer.concat([head, second, first, sealed.subarray(BLOB_HEAD_BYTES + 2 * chunk)]);
  await expect(open(swapped, bytes.length)).rejects.toMatchObject({ code });
  // Cut at the end of a chunk, where each of those that are left is whole.
  const cut = sealed.subarray(0, BLOB_HEAD_BYTES + 2 * chunk);
  await expect(open(cut, 2 * CHUNK_BYTES)).rejects.toMatchObject({ code });
  await expect(open(cut, bytes.length)).rejects.toMatchObject({ code });
  await expect(open(sealed, bytes.length, undefined, 'away/hash')).rejects.toMatchObject({ code });
});

test('fewer or more bytes than were announced are not sealed', async () => {
  const bytes = randomBytes(10);
  const chunks = sealBlob(key, name, CHUNK_BYTES + 1, inPieces(bytes, 5));
  await expect(all(chunks)).rejects.toThrow(/announced/);
});
