import type { Clock } from '../../src/base/clock.ts';
import type { ArtifactKey } from '../store/requests/artifact-uploads.ts';
import type { Store } from '../store/store.ts';
import type { Place, Places } from './places.ts';
import type { ByteRange } from './ports.ts';
import type { VerifiedBlobs } from './verified-blobs.ts';

/** Of so many parts altogether it is held where they lie: some tens of megabytes. */
const HELD_PARTS = 100_000;
const HELD_MS = 60_000;
/** A range of so many bytes has some hundred parts at most (cut.ts): they are asked for by themselves. */
const SHORT_BYTES = 1024 * 1024;
/** Of so many parts it is remembered for a while that they are there; fewer are looked up each time. */
const MANY_PARTS = 8;
const REMEMBERED_MS = 10 * 60 * 1000;

/** Parts of an artifact, and where in it the first of them begins. */
export interface Located {
  readonly from: number;
  readonly places: readonly Place[];
}

/**
 * Finds the parts of artifacts. There may be thousands of an artifact, and a thousand may ask for it: where they lie is
 * held once for all who read it, and whether they are there is looked up once for all who ask at the same time.
 */
export class Locator {
  readonly #store: Store;
  readonly #places: Places;
  readonly #verified: VerifiedBlobs;
  readonly #clock: Clock;
  readonly #held = new Map<string, { readonly at: number; readonly places: readonly Place[] }>();
  #heldParts = 0;
  readonly #looking = new Map<string, Promise<readonly Place[] | null>>();
  /** Artifacts of many parts, of which all were there: when, and after how many losses. */
  readonly #seen = new Map<string, { readonly at: number; readonly losses: number }>();

  constructor(store: Store, places: Places, verified: VerifiedBlobs, clock: Clock) {
    this.#store = store;
    this.#places = places;
    this.#verified = verified;
    this.#clock = clock;
  }

  /** Whether all of its parts are there; not looked up with every request. */
  async areThere(key: ArtifactKey): Promise<boolean> {
    const name = nameOf(key);
    const now = this.#clock.now();
    const { losses } = this.#verified;
    const seen = this.#seen.get(name);
    if (seen?.losses === losses && seen.at > now - REMEMBERED_MS) return true;
    this.#seen.delete(name);
    const places = await this.#once(`there ${name}`, async () => {
      const all = await this.#all(key);
      return all && this.#places.locate(all, (names) => this.#verified.statAll(names));
    });
    if (places === null) this.forget(key);
    if (places === null || places.length <= MANY_PARTS) return places !== null;
    if (this.#seen.size >= 10_000) this.#seen.clear();
    this.#seen.set(name, { at: now, losses });
    return true;
  }

  /** All parts, where all are there and right. Errors: artifactDamaged. */
  async whole(key: ArtifactKey): Promise<readonly Place[] | null> {
    const places = await this.#once(`whole ${nameOf(key)}`, async () => {
      const all = await this.#all(key);
      return all && this.#places.locate(all, (names) => this.#verified.checkAll(names));
    });
    if (places === null) this.forget(key);
    return places;
  }

  /** The parts of a range, where they are there and right. Errors: artifactDamaged. */
  async within(key: ArtifactKey, range: ByteRange): Promise<Located | null> {
    const isShort = range.end - range.start < SHORT_BYTES;
    const { from, all } = isShort ? await this.#few(key, range) : { from: 0, all: await this.#all(key) };
    const inParts = { start: range.start - from, end: range.end - from };
    const places =
      all && (await this.#places.locate(all, (names) => this.#verified.checkAll(names), inParts));
    if (places === null) this.forget(key);
    return places && { from, places };
  }

  /** It is stored anew, or a part of it has gone. */
  forget(key: ArtifactKey): void {
    const name = nameOf(key);
    this.#seen.delete(name);
    this.#letGo(name);
    // Who asks from now on is not told what was found before.
    for (const what of ['there', 'whole']) this.#looking.delete(`${what} ${name}`);
  }

  async #few(
    { workspace, sha256 }: ArtifactKey,
    range: ByteRange,
  ): Promise<{ readonly from: number; readonly all: readonly Place[] }> {
    const { from, parts } = await this.#store.call('partsWithin', { sha256, ...range });
    return { from, all: this.#places.of(workspace, parts) };
  }

  /** Who asks has made sure that the workspace has the artifact: of what is held nobody is asked. */
  async #all(key: ArtifactKey): Promise<readonly Place[] | null> {
    const name = nameOf(key);
    const held = this.#held.get(name);
    const now = this.#clock.now();
    if (held !== undefined && held.at > now - HELD_MS) return held.places;
    const found = await this.#store.call('findArtifact', key);
    if (found === null) return null;
    const places = this.#places.of(key.workspace, found.parts);
    this.#hold(name, { at: now, places });
    return places;
  }

  #hold(name: string, held: { readonly at: number; readonly places: readonly Place[] }): void {
    this.#letGo(name);
    if (this.#heldParts + held.places.length > HELD_PARTS) {
      this.#held.clear();
      this.#heldParts = 0;
    }
    this.#heldParts += held.places.length;
    this.#held.set(name, held);
  }

  #letGo(name: string): void {
    this.#heldParts -= this.#held.get(name)?.places.length ?? 0;
    this.#held.delete(name);
  }

  #once(name: string, look: () => Promise<readonly Place[] | null>): Promise<readonly Place[] | null> {
    const others = this.#looking.get(name);
    if (others !== undefined) return others;
    const looking = look().finally(() => {
      if (this.#looking.get(name) === looking) this.#looking.delete(name);
    });
    this.#looking.set(name, looking);
    return looking;
  }
}

const nameOf = ({ workspace, sha256 }: ArtifactKey): string => `${workspace}.${sha256}`;
