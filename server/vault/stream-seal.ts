import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { serverErrors } from '../errors.ts';
import type { DataKey } from './envelope.ts';
import { KEY_ID_BYTES } from './key-ring.ts';
import { deriveKey } from './row-seal.ts';

/**
 * head: magic (8) | id of the key (8) | salt (16); then chunks of 64 KiB, each with a tag of 16 bytes; the last
 * one is shorter or full, and there is always one.
 *
 * Every blob has a key of its own, derived by its salt, and the number of a chunk is its nonce: chunks cannot be
 * moved within a blob or between blobs. The last one is sealed as the last one: what was cut off is missed.
 */
const MAGIC = Buffer.from('ANNSEAL1');
const SALT_AT = MAGIC.length + KEY_ID_BYTES;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
export const BLOB_HEAD_BYTES = SALT_AT + SALT_BYTES;
export const CHUNK_BYTES = 64 * 1024;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

const chunksOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / CHUNK_BYTES));

/** Bytes of a blob once it is sealed. */
export function sealedBytes(bytes: number): number {
  return BLOB_HEAD_BYTES + bytes + chunksOf(bytes) * TAG_BYTES;
}

/** Bytes of a sealed blob once it is opened; null where no blob is sealed to this many. */
export function openedBytes(sealed: number): number | null {
  const body = sealed - BLOB_HEAD_BYTES;
  const bytes = body - Math.ceil(body / SEALED_CHUNK_BYTES) * TAG_BYTES;
  return body >= TAG_BYTES && bytes >= 0 && sealedBytes(bytes) === sealed ? bytes : null;
}

/** `name` binds the blob to its place; `bytes` must be what `source` has. */
export async function* sealBlob(
  key: DataKey,
  name: string,
  bytes: number,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  const head = Buffer.concat([MAGIC, Buffer.from(key.id, 'hex'), salt]);
  yield head;
  const blobKey = deriveKey(key.bytes, salt, 'blob');
  const chunks = chunksOf(bytes);
  let index = 0;
  let total = 0;
  for await (const chunk of inChunks(source, CHUNK_BYTES)) {
    total += chunk.length;
    const cipher = createCipheriv('aes-256-gcm', blobKey, nonceOf(index, index === chunks - 1));
    cipher.setAAD(aadOf(head, name));
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    index++;
  }
  if (total !== bytes) throw new Error(`${name}: ${bytes} bytes were announced, and ${total} came`);
}

/** What of a sealed blob must be read for a range of the opened one; both ends are part of them. */
export function sealedRange(
  bytes: number,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly start: number; readonly end: number } {
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor(Math.max(start, end) / CHUNK_BYTES);
  return {
    start: BLOB_HEAD_BYTES + first * SEALED_CHUNK_BYTES,
    end: Math.min(sealedBytes(bytes), BLOB_HEAD_BYTES + (last + 1) * SEALED_CHUNK_BYTES) - 1,
  };
}

export function isSealedBlob(head: Uint8Array): boolean {
  return head.length >= BLOB_HEAD_BYTES && MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** The key's id in a blob's head. */
export function keyOfBlob(head: Uint8Array): string {
  return Buffer.from(head.subarray(MAGIC.length, SALT_AT)).toString('hex');
}

/**
 * Opens the bytes of `sealedRange(bytes, range)` to exactly those of `range`. Throws sealBroken at the first
 * chunk that was changed, moved or cut; nothing of it has been given out then.
 */
export async function* openBlob(
  key: DataKey,
  { name, bytes, head }: { readonly name: string; readonly bytes: number; readonly head: Uint8Array },
  range: { readonly start: number; readonly end: number },
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const whole = Buffer.from(head.subarray(0, BLOB_HEAD_BYTES));
  const blobKey = deriveKey(key.bytes, whole.subarray(SALT_AT), 'blob');
  const chunks = chunksOf(bytes);
  const first = Math.floor(range.start / CHUNK_BYTES);
  let index = first;
  for await (const chunk of inChunks(source, SEALED_CHUNK_BYTES)) {
    const decipher = createDecipheriv('aes-256-gcm', blobKey, nonceOf(index, index === chunks - 1), {
      authTagLength: TAG_BYTES,
    });
    if (chunk.length < TAG_BYTES) throw cutBlob(name);
    decipher.setAAD(aadOf(whole, name));
    decipher.setAuthTag(chunk.subarray(-TAG_BYTES));
    let opened: Buffer;
    try {
      opened = Buffer.concat([decipher.update(chunk.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw serverErrors.sealBroken({ where: name, cause });
    }
    const at = index * CHUNK_BYTES;
    yield opened.subarray(Math.max(0, range.start - at), Math.max(0, range.end - at + 1));
    index++;
  }
  if (index !== Math.floor(Math.max(range.start, range.end) / CHUNK_BYTES) + 1) throw cutBlob(name);
}

function cutBlob(name: string) {
  return serverErrors.sealBroken({ where: name, message: `${serverErrors.sealBroken.title}: it was cut` });
}

/** Whole chunks, and what is left at the end; an empty source is one empty chunk. */
export async function* inChunks(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let some = false;
  for await (const part of source) {
    let rest = part;
    while (length + rest.length >= size) {
      const taken = size - length;
      yield Buffer.concat([...parts, rest.subarray(0, taken)]);
      some = true;
      parts = [];
      length = 0;
      rest = rest.subarray(taken);
    }
    if (rest.length === 0) continue;
    parts.push(rest);
    length += rest.length;
  }
  if (length > 0 || !some) yield Buffer.concat(parts);
}

function nonceOf(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 0, 6);
  nonce.writeUInt8(last ? 1 : 0, 11);
  return nonce;
}

function aadOf(head: Buffer, name: string): Buffer {
  return Buffer.concat([head, Buffer.from(name)]);
}
