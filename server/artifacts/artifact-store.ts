import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Clock } from '../../src/base/clock.ts';
import { AnnealError } from '../../src/base/error.ts';
import { inBytes } from '../../src/base/units.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Artifact } from '../../src/protocol/http/artifacts.ts';
import type { ArtifactKey, ArtifactPart, ArtifactUse } from '../store/requests/artifact-uploads.ts';
import type { Store } from '../store/store.ts';
import { type Cuts, cutsOf } from './cut.ts';
import { isCode } from './folder/sync-folder.ts';
import { Gate } from './gate.ts';
import { hashParts } from './hash-parts.ts';
import { type Located, Locator } from './locator.ts';
import { type Charge, Places } from './places.ts';
import type { BlobName, Blobs, ByteRange, Incoming, Spool } from './ports.ts';
import { VerifiedBlobs } from './verified-blobs.ts';

export interface ArtifactParts {
  readonly store: Store;
  readonly blobs: Blobs;
  /** Whether blobs are sealed with the key of a workspace, and so each workspace has its own. */
  readonly sealed: boolean;
  readonly incoming: Incoming;
  readonly clock: Clock;
  readonly maxBytes: number;
  /** What a workspace may have at most; null: any number. */
  readonly quotaBytes: number | null;
}

export interface OpenArtifact {
  readonly bytes: number;
  /** The bytes, all of which have been found to be right. */
  read(range?: ByteRange, charge?: Charge): Readable;
}

/** Whether who sends is still somebody who may: throws where not. */
type MayStill = () => Promise<void>;
const always: MayStill = () => Promise.resolve();

/** A PUT that nobody has heard of for this long has lost its server. */
const RESERVED_MS = 24 * 3600 * 1000;
/** So much more room than has come is set aside for bytes of which nobody said how many they will be. */
const AHEAD_BYTES = 4 * 1024 * 1024;
/** What is asked for is not collected for a while; no need to note it at every request. */
export const TOUCH_EVERY_MS = 10 * 60 * 1000;

/**
 * Artifacts by their SHA-256. A workspace sees those that it has sent itself: knowing a hash opens nothing. The
 * bytes lie in blobs that all workspaces share, so that what is there is stored once; where they are sealed, in
 * blobs that the artifacts of one workspace share.
 */
export class ArtifactStore {
  readonly maxBytes: number;
  readonly gate = new Gate();
  readonly blobs: Blobs;
  readonly incoming: Incoming;
  readonly verified: VerifiedBlobs;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #quotaBytes: number | null;
  readonly #sealed: boolean;
  readonly #places: Places;
  readonly #locator: Locator;
  readonly #touched = new Map<string, number>();

  constructor({ store, blobs, sealed, incoming, clock, maxBytes, quotaBytes }: ArtifactParts) {
    this.#store = store;
    this.#sealed = sealed;
    this.blobs = blobs;
    this.incoming = incoming;
    this.verified = new VerifiedBlobs(blobs, clock);
    this.#places = new Places(blobs, sealed);
    this.#locator = new Locator(store, this.#places, this.verified, clock);
    this.#clock = clock;
    this.maxBytes = maxBytes;
    this.#quotaBytes = quotaBytes;
  }

  /** Bytes of the artifact, or null where the workspace has none, or not all of it any more. */
  async size(key: ArtifactKey): Promise<number | null> {
    const bytes = await this.#store.call('ownedBytes', key);
    if (bytes === null || !(await this.#locator.areThere(key))) return null;
    await this.#touch(key);
    return bytes;
  }

  /** Only the parts of the range are looked up and verified. Errors: artifactNotFound, artifactDamaged. */
  async open(key: ArtifactKey, range?: ByteRange): Promise<OpenArtifact> {
    const bytes = await this.#store.call('ownedBytes', key);
    const located = bytes === null ? null : await this.#located(key, bytes, range);
    if (bytes === null || located === null) throw protocolErrors.artifactNotFound({ where: key.sha256 });
    await this.#touch(key);
    const { from, places } = located;
    return {
      bytes,
      read: ({ start, end } = range ?? { start: 0, end: bytes - 1 }, charge) =>
        this.#places.read(places, { start: start - from, end: end - from }, charge),
    };
  }

  /**
   * Takes a stream in. Errors: hashMismatch, tooLarge, quotaExceeded, storageFull, aborted, and what `mayStill`
   * throws, which is asked before it counts; nothing is left behind then.
   */
  async put(
    key: ArtifactKey,
    source: AsyncIterable<Uint8Array>,
    announced: number | null,
    mayStill: MayStill = always,
  ): Promise<Artifact & { readonly created: boolean }> {
    const reserved = { workspace: key.workspace, sha256: `put-${randomUUID()}` };
    try {
      if (await this.#isWhole(key)) {
        const there = await this.#compare(key, source);
        await mayStill();
        return there;
      }
      if (announced !== null) await this.#reserve(key, reserved, announced);
      const spool = await this.incoming.take(this.#within(key, reserved, source, announced ?? 0));
      try {
        return await this.publish(key, spool, mayStill);
      } finally {
        await spool.remove();
      }
    } catch (error) {
      const cut = isCode(error, 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET');
      throw cut && !(error instanceof AnnealError) ? protocolErrors.aborted({ cause: error }) : error;
    } finally {
      await this.#store.call('endUpload', reserved);
    }
  }

  /**
   * Makes an artifact of what has come in, once all of it was found to be right. Errors: hashMismatch, storageFull,
   * and what `mayStill` throws.
   */
  async publish(
    key: ArtifactKey,
    spool: Spool,
    mayStill: MayStill = always,
  ): Promise<Artifact & { readonly created: boolean }> {
    const { sha256: expected } = key;
    const known = await this.#store.call('knownParts', expected);
    const cuts =
      known?.map(({ bytes }) => bytes) ?? (await cutsOf(spool.bytes, (range) => spool.read(range)));
    const { sha256: actual, bytes, parts } = await hashParts(await spool.read(), cuts);
    if (actual !== expected) {
      throw protocolErrors.hashMismatch({ where: expected, data: { expected, actual, bytes } });
    }
    return this.gate.adding(async () => {
      const created = (await this.size(key)) === null;
      await mayStill(); // hashing took its time, and so does a bucket
      await this.#keep(key.workspace, parts, cuts, spool);
      await mayStill();
      await this.#store.call('ownArtifact', { ...key, bytes, parts, now: this.#clock.now() });
      this.#locator.forget(key);
      // Until then another server could collect what was there already; from now on none does.
      const places = this.#places.of(key.workspace, parts);
      const there = await this.#places.locate(places, (names) => this.verified.statAll(names));
      if (there === null) await this.#keep(key.workspace, parts, cuts, spool);
      return { sha256: expected, bytes, created };
    });
  }

  /** What the workspace has, and may have. */
  use(workspace: string): Promise<ArtifactUse> {
    return this.#store.call('artifactUse', { workspace, usual: this.#quotaBytes });
  }

  /** Null: as much as the server's own limit allows. */
  async setQuota(workspace: string, quota: number | null): Promise<ArtifactUse> {
    await this.#store.call('setArtifactQuota', { workspace, quota });
    return this.use(workspace);
  }

  /** Sets room aside. Errors: tooLarge, quotaExceeded, uploadBusy. */
  async reserve(
    key: ArtifactKey,
    { bytes, client, until }: { readonly bytes: number; readonly client: string; readonly until: number },
    of: string = key.sha256,
  ): Promise<void> {
    if (bytes > this.maxBytes) throw tooLarge(of, this.maxBytes);
    const now = this.#clock.now();
    const upload = { ...key, bytes, client, now, until, usual: this.#quotaBytes };
    const begun = await this.#store.call('beginUpload', upload);
    if (begun.kind === 'busy') throw protocolErrors.uploadBusy({ where: of });
    if (begun.kind === 'full') throw quotaExceeded(of, bytes, begun.use);
  }

  /** It is there: what comes is held against it, and takes no room. */
  async #compare(
    { sha256: expected }: ArtifactKey,
    source: AsyncIterable<Uint8Array>,
  ): Promise<Artifact & { readonly created: boolean }> {
    const { sha256: actual, bytes } = await hashParts(this.#limited(expected, source), [0]);
    if (actual === expected) return { sha256: expected, bytes, created: false };
    throw protocolErrors.hashMismatch({ where: expected, data: { expected, actual, bytes } });
  }

  async #reserve({ sha256 }: ArtifactKey, reserved: ArtifactKey, bytes: number): Promise<void> {
    const until = this.#clock.now() + RESERVED_MS;
    await this.reserve(reserved, { bytes, client: reserved.sha256, until }, sha256);
  }

  /** What comes, with room set aside before it is taken in; `held` is set aside already. */
  async *#within(
    key: ArtifactKey,
    reserved: ArtifactKey,
    source: AsyncIterable<Uint8Array>,
    held: number,
  ): AsyncGenerator<Uint8Array> {
    let room = held;
    let bytes = 0;
    for await (const chunk of this.#limited(key.sha256, source)) {
      bytes += chunk.length;
      if (bytes > room) room = await this.#extend(key, reserved, bytes);
      yield chunk;
    }
  }

  /** Some more than is needed now, or what is left. Resolves with how much it is. */
  async #extend(key: ArtifactKey, reserved: ArtifactKey, needed: number): Promise<number> {
    const ahead = Math.min(needed + AHEAD_BYTES, this.maxBytes);
    try {
      await this.#reserve(key, reserved, ahead);
      return ahead;
    } catch (error) {
      if (!(error instanceof AnnealError) || error.code !== protocolErrors.quotaExceeded.code) throw error;
      await this.#reserve(key, reserved, needed);
      return needed;
    }
  }

  /** Whether it is there, and all of its bytes are right. */
  async #isWhole(key: ArtifactKey): Promise<boolean> {
    if ((await this.#store.call('ownedBytes', key)) === null) return false;
    if ((await this.#locator.whole(key).catch(unlessDamaged)) === null) return false;
    await this.#touch(key);
    return true;
  }

  async #keep(workspace: string, parts: readonly ArtifactPart[], cuts: Cuts, spool: Spool): Promise<void> {
    let start = 0;
    for (const [index, { sha256 }] of parts.entries()) {
      const bytes = cuts[index] ?? 0;
      const range = { start, end: start + bytes - 1 };
      const name = this.#places.nameOf(workspace, sha256);
      if (!(await this.#isKept(name))) {
        if (parts.length > 1) await this.blobs.put(name, bytes, () => spool.read(range));
        else if (this.#sealed) await this.blobs.put(name, bytes, () => spool.read());
        else await spool.become(name);
      }
      await this.verified.vouch(name);
      start += bytes;
    }
  }

  /** Touched first, so that nobody who collects at this moment takes it away. */
  async #isKept(name: BlobName): Promise<boolean> {
    return (await this.blobs.touch(name)) && (await this.verified.check(name).catch(unlessDamaged)) !== null;
  }

  async #located(key: ArtifactKey, bytes: number, range?: ByteRange): Promise<Located | null> {
    if (range !== undefined && range.end - range.start + 1 < bytes) return this.#locator.within(key, range);
    const places = await this.#locator.whole(key);
    return places && { from: 0, places };
  }

  async *#limited(sha256: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > this.maxBytes) throw tooLarge(sha256, this.maxBytes);
      yield chunk;
    }
  }

  async #touch({ workspace, sha256 }: ArtifactKey): Promise<void> {
    const key = nameOf({ workspace, sha256 });
    const now = this.#clock.now();
    if ((this.#touched.get(key) ?? Number.NEGATIVE_INFINITY) > now - TOUCH_EVERY_MS) return;
    if (this.#touched.size >= 10_000) this.#touched.clear();
    this.#touched.set(key, now);
    await this.#store.call('touchArtifact', { workspace, sha256, now });
  }
}

const nameOf = ({ workspace, sha256 }: ArtifactKey): string => `${workspace}.${sha256}`;

/** What is damaged is there no more. */
function unlessDamaged(error: unknown): null {
  if (error instanceof AnnealError && error.code === protocolErrors.artifactDamaged.code) return null;
  throw error;
}

function tooLarge(where: string, limit: number): AnnealError {
  const message = `The server takes artifacts of up to ${inBytes(limit)}`;
  return protocolErrors.tooLarge({ where, message, data: { limit } });
}

function quotaExceeded(where: string, bytes: number, { used, pending, quota }: ArtifactUse): AnnealError {
  // Only where there is a quota is the workspace full.
  const [may, has, more] = [quota ?? 0, used + pending, bytes].map(inBytes);
  return protocolErrors.quotaExceeded({
    where,
    message: `The workspace may have ${may} of artifacts and has ${has}: there is no room for ${more} more`,
    data: { quota, used, pending, needed: bytes },
  });
}
