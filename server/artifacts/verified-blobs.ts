import { createHash } from 'node:crypto';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { serverErrors } from '../errors.ts';
import type { BlobFacts, BlobName, Blobs } from './ports.ts';

/** So many names take some tens of megabytes. */
const MAX_KNOWN = 100_000;

/**
 * Reads no blob before its bytes were found to be those of its hash: once in the life of the process, and again
 * whenever the file looks changed. An error at the end of an answer would come too late for whoever trusts a
 * range of it.
 */
export class VerifiedBlobs {
  readonly #blobs: Blobs;
  readonly #known = new Map<BlobName, string>();
  readonly #looking = new Map<BlobName, Promise<BlobFacts | null>>();

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  /** Null where there is none. Throws artifactDamaged where the bytes are others; from then on there is none. */
  async check(name: BlobName): Promise<BlobFacts | null> {
    const facts = await this.#blobs.stat(name);
    if (facts === null || this.#known.get(name) === facts.stamp) return facts;
    const looking = this.#looking.get(name) ?? this.#look(name, facts);
    this.#looking.set(name, looking);
    try {
      return await looking;
    } finally {
      this.#looking.delete(name);
    }
  }

  /** Its bytes have just been hashed on their way in. */
  async vouch(name: BlobName): Promise<void> {
    const facts = await this.#blobs.stat(name);
    if (facts !== null) this.#remember(name, facts);
  }

  async #look(name: BlobName, facts: BlobFacts): Promise<BlobFacts | null> {
    const expected = name.slice(name.lastIndexOf('/') + 1);
    const actual = await this.#hash(name);
    if (actual === expected) {
      this.#remember(name, facts);
      return facts;
    }
    await this.#blobs.setAside(name);
    throw protocolErrors.artifactDamaged({ where: expected, data: { expected, actual } });
  }

  /** Null where it was sealed and the seal is broken. */
  async #hash(name: BlobName): Promise<string | null> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of await this.#blobs.read(name)) hash.update(chunk as Buffer);
    } catch (error) {
      // Bytes whose key is missing may be good: they stay.
      if (error instanceof AnnealError && error.code === serverErrors.sealBroken.code && error.data === undefined)
        return null;
      throw error;
    }
    return hash.digest('hex');
  }

  #remember(name: BlobName, { stamp }: BlobFacts): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(name, stamp);
  }
}
