import { Readable } from 'node:stream';
import type { ArtifactPart } from '../store/requests/artifact-uploads.ts';
import type { BlobFacts, BlobName, Blobs, ByteRange } from './ports.ts';

/** A part of an artifact, where it lies. */
export interface Place {
  readonly name: BlobName;
  readonly bytes: number;
}

/** What is known of blobs, in their order; null of those that are not there. */
type Look = (names: readonly BlobName[]) => Promise<readonly (BlobFacts | null)[]>;

/** May be ended more than once. */
export type Charge = () => () => void;
const free: Charge = () => () => undefined;

/** So many parts are looked up at once: of thousands the answers would come all together, and hold everybody up. */
const PORTION = 32;

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

  /** Where parts lie, unless they were stored before the vault. */
  of(workspace: string, parts: readonly ArtifactPart[]): readonly Place[] {
    return parts.map(({ sha256, bytes }) => ({ name: this.nameOf(workspace, sha256), bytes }));
  }

  /**
   * All of them, where those are there in which the range lies, or all; null where one is missing. What was stored
   * before the vault lies unsealed. Errors: those of `look`.
   */
  async locate(places: readonly Place[], look: Look, range?: ByteRange): Promise<readonly Place[] | null> {
    let located = places;
    for (const portion of portionsOf(places, range)) {
      const facts = await look(portion.map(({ place }) => place.name));
      const missing = portion.filter((_, at) => facts[at] === null);
      if (missing.length === 0) continue;
      if (!this.#sealed) return null;
      const unsealed = missing.map(({ index, place }) => ({
        index,
        place: { ...place, name: plain(place) },
      }));
      if ((await look(unsealed.map(({ place }) => place.name))).includes(null)) return null;
      const copy = [...located];
      for (const { index, place } of unsealed) copy[index] = place;
      located = copy;
    }
    return located;
  }

  /** `charge`: begins what the reader pays for, and answers with what ends it. Finding a part is work, sending it is not. */
  read(places: readonly Place[], range: ByteRange, charge: Charge = free): Readable {
    const blobs = this.#blobs;
    return Readable.from(
      (async function* () {
        for (const { place, slice } of slicesOf(places, range)) {
          const end = charge();
          try {
            for await (const chunk of await blobs.read(place.name, slice)) {
              end();
              yield chunk;
            }
          } finally {
            end();
          }
        }
      })(),
      { objectMode: false, highWaterMark: 256 * 1024 },
    );
  }
}

const plain = ({ name }: Place): BlobName => name.slice(name.lastIndexOf('/') + 1);

interface Slice {
  readonly index: number;
  readonly place: Place;
  /** Of the place. */
  readonly slice: ByteRange;
}

/** The parts that a range of the whole lies in, one at a time: there may be thousands. */
function* slicesOf(places: readonly Place[], { start, end }: ByteRange): Generator<Slice> {
  let at = 0;
  for (const [index, place] of places.entries()) {
    const slice = { start: Math.max(0, start - at), end: Math.min(place.bytes - 1, end - at) };
    if (slice.start <= slice.end) yield { index, place, slice };
    at += place.bytes;
    if (at > end) break;
  }
}

type Indexed = Pick<Slice, 'index' | 'place'>;

function* portionsOf(places: readonly Place[], range: ByteRange | undefined): Generator<readonly Indexed[]> {
  let portion: Indexed[] = [];
  for (const one of range === undefined ? indexed(places) : slicesOf(places, range)) {
    portion.push(one);
    if (portion.length < PORTION) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}

/** Those of no bytes too. */
function* indexed(places: readonly Place[]): Generator<Indexed> {
  for (const [index, place] of places.entries()) yield { index, place };
}
