import { Readable } from 'node:stream';
import { serverErrors } from '../errors.ts';
import type { DataKey } from '../vault/envelope.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import {
  BLOB_HEAD_BYTES,
  isSealedBlob,
  keyOfBlob,
  openBlob,
  openedBytes,
  sealBlob,
  sealedBytes,
  sealedRange,
} from '../vault/stream-seal.ts';
import type { BlobFacts, BlobName, Blobs, ByteRange } from './ports.ts';

export type Keys = Pick<KeyRing, 'byId' | 'current' | 'ensure' | 'reload'>;

/**
 * Blobs of a workspace, `<workspace>/<hash>`, sealed with its key: in chunks, so that a range can be read without
 * the rest. Blobs without a workspace are from before the vault and are read as they are.
 */
export class SealedBlobs implements Blobs {
  readonly #inner: Blobs;
  readonly #keys: Keys;

  constructor(inner: Blobs, keys: Keys) {
    this.#inner = inner;
    this.#keys = keys;
  }

  async stat(name: BlobName): Promise<BlobFacts | null> {
    const facts = await this.#inner.stat(name);
    if (facts === null || spaceOf(name) === null) return facts;
    return { ...facts, bytes: openedBytes(facts.bytes) ?? 0 };
  }

  async read(name: BlobName, range?: ByteRange): Promise<Readable> {
    if (spaceOf(name) === null) return this.#inner.read(name, range);
    for (;;) {
      const { stamp, bytes } = (await this.stat(name)) ?? { stamp: null, bytes: 0 };
      const head = await this.#head(name);
      const key = await this.#keyOf(name, head);
      const wanted = range ?? { start: 0, end: bytes - 1 };
      const sealed = await this.#inner.read(name, sealedRange(bytes, wanted));
      // Sealed anew in between: the head would be of one blob and the rest of another.
      if (stamp === ((await this.stat(name))?.stamp ?? null)) {
        const source = openBlob(key, { name, bytes, head }, wanted, sealed);
        return Readable.from(source, { objectMode: false }).once('close', () => sealed.destroy());
      }
      sealed.destroy();
    }
  }

  async put(name: BlobName, bytes: number, source: () => Promise<Readable>): Promise<void> {
    const space = spaceOf(name);
    if (space === null) throw new Error(`${name} would be stored unsealed`);
    const key = await this.#keys.ensure(space);
    await this.#inner.put(name, sealedBytes(bytes), async () =>
      Readable.from(sealBlob(key, name, bytes, await source()), { objectMode: false }),
    );
  }

  /** Whether it is sealed with the key that its workspace has now. */
  async isCurrent(name: BlobName): Promise<boolean> {
    const space = spaceOf(name);
    return space !== null && keyOfBlob(await this.#head(name)) === this.#keys.current(space)?.id;
  }

  touch(name: BlobName): Promise<boolean> {
    return this.#inner.touch(name);
  }

  remove(name: BlobName): Promise<void> {
    return this.#inner.remove(name);
  }

  setAside(name: BlobName): Promise<void> {
    return this.#inner.setAside(name);
  }

  async *list(): AsyncGenerator<{ readonly name: BlobName } & BlobFacts> {
    for await (const found of this.#inner.list()) {
      const sealed = spaceOf(found.name) !== null;
      yield sealed ? { ...found, bytes: openedBytes(found.bytes) ?? 0 } : found;
    }
  }

  async #head(name: BlobName): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const head = await this.#inner.read(name, { start: 0, end: BLOB_HEAD_BYTES - 1 });
    for await (const piece of head) pieces.push(piece as Buffer);
    const bytes = Buffer.concat(pieces);
    if (!isSealedBlob(bytes)) throw serverErrors.sealBroken({ where: name });
    return bytes;
  }

  async #keyOf(name: BlobName, head: Buffer): Promise<DataKey> {
    const id = keyOfBlob(head);
    if (this.#keys.byId(id) === null) await this.#keys.reload(); // another server has rotated the keys
    const key = this.#keys.byId(id);
    if (key?.workspace === spaceOf(name)) return key;
    throw serverErrors.sealBroken({
      where: name,
      message: `${serverErrors.sealBroken.title}: its key is not there`,
      data: { key: id },
    });
  }
}

/** The workspace whose blob it is; null for those from before the vault. */
export function spaceOf(name: BlobName): string | null {
  const slash = name.indexOf('/');
  return slash < 0 ? null : name.slice(0, slash);
}
