import { Readable } from 'node:stream';
import type { ArtifactPart } from '../store/requests/artifact-uploads.ts';
import type { BlobName, Blobs, ByteRange } from './ports.ts';

/** A part of an artifact, where it lies. */
export interface Place {
  readonly name: BlobName;
  readonly bytes: number;
}

/** Where the parts of artifacts lie. */
export class Places {
  readonly #blobs: Blobs;
  readonly #sealed: boolean;

  /** `sealed`: with the key of a workspace, so that each workspace has blobs of its own. */
  constructor(blobs: Blobs, sealed: boolean) {
    this.#blobs = blobs;
    this.#sealed = sealed;
  }

  nameOf(workspace: string, sha256: string): BlobName {
    return this.#sealed ? `${workspace}/${sha256}` : sha256;
  }

  /** Null where one of them is missing. What was stored before the vault lies unsealed. */
  async locate(workspace: string, parts: readonly ArtifactPart[]): Promise<readonly Place[] | null> {
    const places = await Promise.all(
      parts.map(async ({ sha256, bytes }) => {
        const name = this.nameOf(workspace, sha256);
        if ((await this.#blobs.stat(name)) !== null) return { name, bytes };
        return this.#sealed && (await this.#blobs.stat(sha256)) !== null ? { name: sha256, bytes } : null;
      }),
    );
    return places.every((place) => place !== null) ? places : null;
  }

  read(places: readonly Place[], range: ByteRange): Readable {
    const blobs = this.#blobs;
    return Readable.from(
      (async function* () {
        for (const { name, slice } of slicesOf(places, range)) yield* await blobs.read(name, slice);
      })(),
      { objectMode: false, highWaterMark: 256 * 1024 },
    );
  }
}

/** The parts that a range of the whole lies in, each with the range of itself. */
export function slicesOf(
  places: readonly Place[],
  { start, end }: ByteRange,
): { readonly name: BlobName; readonly slice: ByteRange }[] {
  const slices = [];
  let at = 0;
  for (const { name, bytes } of places) {
    const slice = { start: Math.max(0, start - at), end: Math.min(bytes - 1, end - at) };
    if (slice.start <= slice.end) slices.push({ name, slice });
    at += bytes;
  }
  return slices;
}
