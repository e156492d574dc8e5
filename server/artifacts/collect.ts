import type { Clock } from '../../src/base/clock.ts';
import type { Collection } from '../../src/protocol/http/artifacts.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { BlobName } from './ports.ts';
import { referencedHashes } from './references.ts';

export interface CollectOptions {
  readonly workspace: string;
  /** Only say what would be removed. */
  readonly dryRun: boolean;
  /** What was stored, asked for or named within this time stays. */
  readonly graceMs: number;
}

/** So many names are looked up at once. */
const AT_ONCE = 500;

/**
 * Takes artifacts that nothing refers to from a workspace, and removes the blobs that no workspace needs then.
 * References are looked for before and, for what was touched meanwhile, in the very commit that removes.
 */
export class Collector {
  readonly #store: Store;
  readonly #artifacts: ArtifactStore;
  readonly #clock: Clock;

  constructor(store: Store, artifacts: ArtifactStore, clock: Clock) {
    this.#store = store;
    this.#artifacts = artifacts;
    this.#clock = clock;
  }

  /** Replaces what something outside of the documents refers to, such as a run in somebody's browser. */
  async hold(project: string, holder: string, hashes: readonly string[]): Promise<void> {
    await this.#store.call('holdArtifacts', { project, holder, hashes, now: this.#clock.now() });
  }

  async collect({ workspace, dryRun, graceMs }: CollectOptions): Promise<Collection> {
    const store = this.#store;
    const before = this.#clock.now() - graceMs;
    const idle = await store.call('idleArtifacts', { workspace, before });
    const referenced = await referencedHashes(store);
    const unused = idle.filter(({ sha256 }) => !referenced.has(sha256));
    const hashes = unused.map(({ sha256 }) => sha256);
    const kept = await store.call('countArtifacts', workspace);
    if (dryRun) {
      const freed = await store.call('bytesOnlyOf', { workspace, hashes });
      return { dryRun, artifacts: unused, kept: kept - unused.length, freed };
    }
    const gone = new Set(await store.call('disownArtifacts', { workspace, hashes, before }));
    const freed = await removeUnneeded(store, this.#artifacts, before);
    return {
      dryRun,
      artifacts: unused.filter(({ sha256 }) => gone.has(sha256)),
      kept: await store.call('countArtifacts', workspace),
      freed,
    };
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
