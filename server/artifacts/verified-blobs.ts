import { createHash } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { serverErrors } from '../errors.ts';
import type { BlobFacts, BlobName, Blobs } from './ports.ts';

/** So many names take some tens of megabytes. */
const MAX_KNOWN = 100_000;

interface Known {
  readonly stamp: string;
  /** When its bytes were hashed. */
  readonly at: number;
}

/**
 * Reads no blob before its bytes were found to be those of its hash: once in the life of the process, again
 * whenever the file looks changed, and from time to time in the background, since a disk may forget without a
 * word. An error at the end of an answer would come too late for whoever trusts a range of it.
 */
export class VerifiedBlobs {
  readonly #blobs: Blobs;
  readonly #clock: Clock;
  readonly #known = new Map<BlobName, Known>();
  /** How many have been put aside: whoever remembers that something is there looks again when it grows. */
  losses = 0;
  readonly #looking = new Map<BlobName, Promise<BlobFacts | null>>();

  constructor(blobs: Blobs, clock: Clock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Null where there is none. Throws artifactDamaged where the bytes are others; from then on there is none. */
  async check(name: BlobName): Promise<BlobFacts | null> {
    return this.#right(name, await this.#blobs.stat(name));
  }

  /** The same of several. What has to be hashed is, one after the other: it may be long. */
  async checkAll(names: readonly BlobName[]): Promise<(BlobFacts | null)[]> {
    const checked = [];
    const found = await this.statAll(names);
    for (const [at, name] of names.entries()) checked.push(await this.#right(name, found[at] ?? null));
    return checked;
  }

  /** Whether they are there, whatever their bytes are. */
  statAll(names: readonly BlobName[]): Promise<(BlobFacts | null)[]> {
    return Promise.all(names.map((name) => this.#blobs.stat(name)));
  }

  /** Its bytes have just been hashed on their way in. */
  async vouch(name: BlobName): Promise<void> {
    const facts = await this.#blobs.stat(name);
    if (facts !== null) this.#remember(name, facts);
  }

  /**
   * Looks at blobs that nobody has looked at since a time, until so many bytes were read. Resolves with what was
   * damaged; it has been put aside.
   */
  async scrub(before: number, bytes: number, stopped: () => boolean): Promise<AnnealError[]> {
    const damaged: AnnealError[] = [];
    let read = 0;
    for await (const blob of this.#blobs.list()) {
      if (stopped() || read >= bytes) break;
      if ((this.#known.get(blob.name)?.at ?? Number.NEGATIVE_INFINITY) >= before) continue;
      read += blob.bytes;
      this.#known.delete(blob.name);
      try {
        await this.check(blob.name);
      } catch (error) {
        if (!(error instanceof AnnealError) || error.code !== protocolErrors.artifactDamaged.code)
          throw error;
        damaged.push(error);
      }
    }
    return damaged;
  }

  async #right(name: BlobName, facts: BlobFacts | null): Promise<BlobFacts | null> {
    if (facts === null || this.#known.get(name)?.stamp === facts.stamp) return facts;
    const looking = this.#looking.get(name) ?? this.#look(name, facts);
    this.#looking.set(name, looking);
    try {
      return await looking;
    } finally {
      this.#looking.delete(name);
    }
  }

  async #look(name: BlobName, found: BlobFacts): Promise<BlobFacts | null> {
    const expected = name.slice(name.lastIndexOf('/') + 1);
    for (let facts = found; ; ) {
      const actual = await this.#hash(name).catch(async (error: unknown) => {
        if ((await this.#blobs.stat(name)) !== null) throw error;
        return null; // removed meanwhile
      });
      if (actual === expected) {
        this.#remember(name, facts);
        return facts;
      }
      const now = await this.#blobs.stat(name);
      if (now === null) return null;
      if (now.stamp === facts.stamp) {
        this.losses++;
        await this.#blobs.setAside(name);
        throw protocolErrors.artifactDamaged({ where: expected, data: { expected, actual } });
      }
      facts = now; // another was put in its place: that one may be good
    }
  }

  /** Null where it was sealed and the seal is broken. */
  async #hash(name: BlobName): Promise<string | null> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of await this.#blobs.read(name)) hash.update(chunk as Buffer);
    } catch (error) {
      // Bytes whose key is missing may be good: they stay.
      if (
        error instanceof AnnealError &&
        error.code === serverErrors.sealBroken.code &&
        error.data === undefined
      )
        return null;
      throw error;
    }
    return hash.digest('hex');
  }

  #remember(name: BlobName, { stamp }: BlobFacts): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(name, { stamp, at: this.#clock.now() });
  }
}
