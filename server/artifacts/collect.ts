import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Collection } from '../../src/protocol/http/artifacts.ts';
import type { Store } from '../store/store.ts';
import { type ArtifactStore, TOUCH_EVERY_MS } from './artifact-store.ts';
import type { BlobName } from './ports.ts';
import { References } from './references.ts';

export interface CollectOptions {
  readonly workspace: string;
  /** Only say what would be removed. */
  readonly dryRun: boolean;
  /** What was stored, asked for or named within this time stays. */
  readonly graceMs: number;
}

/** So many names are looked up at once. */
const AT_ONCE = 500;
/** Who has sent or asked for an artifact, and names it then, is not done in less. */
export const MIN_GRACE_MS = 3600 * 1000;
/** What has been written since is read again so many times; each takes a few milliseconds. */
const MAX_TRIES = 1_000;

/**
 * Takes artifacts that nothing refers to from a workspace, and removes the blobs that no workspace needs then.
 * References are looked for before, and nothing goes in a commit before which something was written that has not
 * been looked at.
 */
export class Collector {
  readonly #store: Store;
  readonly #artifacts: ArtifactStore;
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store, artifacts: ArtifactStore, clock: Clock) {
    this.#store = store;
    this.#artifacts = artifacts;
    this.#clock = clock;
  }

  /** Replaces what something outside of the documents refers to, such as a run in somebody's browser. */
  async hold(project: string, holder: string, hashes: readonly string[]): Promise<void> {
    await this.#store.call('holdArtifacts', { project, holder, hashes, now: this.#clock.now() });
  }

  /** One after the other: each reads all that a workspace has. Errors: collectBusy. */
  collect(options: CollectOptions): Promise<Collection> {
    const collected = this.#last.then(() => this.#collect(options));
    this.#last = collected.catch(() => undefined);
    return collected;
  }

  async #collect({ workspace, dryRun, graceMs }: CollectOptions): Promise<Collection> {
    const store = this.#store;
    const before = this.#clock.now() - Math.max(graceMs, MIN_GRACE_MS) - TOUCH_EVERY_MS;
    const idle = await store.call('idleArtifacts', { workspace, before });
    const references = await References.of(store, workspace);
    const unused = () => idle.filter(({ sha256 }) => !references.hashes.has(sha256));
    if (dryRun) {
      const artifacts = unused();
      const hashes = artifacts.map(({ sha256 }) => sha256);
      const freed = await store.call('bytesOnlyOf', { workspace, hashes });
      const kept = (await store.call('countArtifacts', workspace)) - artifacts.length;
      return { dryRun, artifacts, kept, freed };
    }
    const gone = await this.#disown(references, before, workspace, unused);
    const freed = await removeUnneeded(store, this.#artifacts, before);
    return {
      dryRun,
      artifacts: idle.filter(({ sha256 }) => gone.has(sha256)),
      kept: await store.call('countArtifacts', workspace),
      freed,
    };
  }

  async #disown(
    references: References,
    before: number,
    workspace: string,
    unused: () => readonly { readonly sha256: string }[],
  ): Promise<ReadonlySet<string>> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const hashes = unused().map(({ sha256 }) => sha256);
      const wish = { workspace, hashes, before, since: references.end };
      const gone = await this.#store.call('disownArtifacts', wish);
      if (gone !== null) return new Set(gone);
      await references.catchUp();
    }
    throw protocolErrors.collectBusy({ where: workspace });
  }
}

/** Blobs of no artifact; resolves with their bytes. */
async function removeUnneeded(store: Store, artifacts: ArtifactStore, before: number): Promise<number> {
  let freed = 0;
  const remove = (names: readonly BlobName[]) =>
    artifacts.gate.alone(async () => {
      const hashes = [...new Set(names.map((name) => name.slice(name.lastIndexOf('/') + 1)))];
      const needed = new Set<BlobName>();
      for (const { workspace, part } of await store.call('neededBlobs', hashes)) {
        needed.add(part).add(`${workspace}/${part}`);
      }
      for (const name of names) {
        if (needed.has(name)) continue;
        // Another server process may have found it worth keeping a moment ago.
        const facts = await artifacts.blobs.stat(name);
        if (facts === null || facts.modified > before) continue;
        await artifacts.blobs.remove(name);
        freed += facts.bytes;
      }
    });
  let names: BlobName[] = [];
  for await (const { name, modified } of artifacts.blobs.list()) {
    if (modified > before) continue;
    names.push(name);
    if (names.length < AT_ONCE) continue;
    await remove(names);
    names = [];
  }
  await remove(names);
  return freed;
}
