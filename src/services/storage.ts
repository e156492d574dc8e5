import type { ArtifactStore, Sha256 } from '../domain/artifacts/ports.ts';
import type { RunStore } from '../domain/runs/ports.ts';
import type { CheckpointStore } from '../engine/training/checkpoint-store.ts';

/** The part of the browser's StorageManager that is used; null where there is none. */
export interface StorageQuota {
  estimate(): Promise<{ readonly usage?: number; readonly quota?: number }>;
  persisted(): Promise<boolean>;
  /** Asks that the origin is not evicted when space runs short; the browser may say no. */
  persist(): Promise<boolean>;
}

/** Sizes in bytes; null where unknown. */
export interface StorageUse {
  readonly used: number | null;
  readonly available: number | null;
  readonly artifacts: number;
  readonly checkpoints: number;
  /** Whether the browser has promised not to evict us. */
  readonly persistent: boolean;
}

export interface StorageService {
  use(): Promise<StorageUse>;
  requestPersistence(): Promise<boolean>;
  /** Removes artifacts that neither `keep` nor any run names. Resolves with the bytes freed. */
  removeUnused(keep: Iterable<Sha256>): Promise<number>;
}

interface Deps {
  readonly quota: StorageQuota | null;
  readonly artifacts: ArtifactStore;
  readonly checkpoints: CheckpointStore;
  readonly runs: RunStore;
}

export function createStorageService({ quota, artifacts, checkpoints, runs }: Deps): StorageService {
  const allRuns = async () => [...(await runs.list()), ...(await runs.list({ deleted: true }))];
  return {
    async use() {
      const [estimate, persistent, kept, everyRun] = await Promise.all([
        quota?.estimate() ?? NOTHING_KNOWN,
        quota?.persisted() ?? true,
        artifacts.list(),
        allRuns(),
      ]);
      const slots = await Promise.all(everyRun.map(({ id }) => checkpoints.list(id)));
      const { usage = null, quota: limit = null } = estimate;
      return {
        used: usage,
        available: usage === null || limit === null ? null : Math.max(0, limit - usage),
        artifacts: sum(kept),
        checkpoints: sum(slots.flat()),
        persistent,
      };
    },
    requestPersistence: async () => (quota === null ? true : (await quota.persisted()) || quota.persist()),
    async removeUnused(keep) {
      const needed = new Set(keep);
      for (const { pins } of await allRuns()) {
        needed.add(pins.data.sha256);
        if (pins.tokenizer !== null) needed.add(pins.tokenizer);
        for (const sha256 of Object.values(pins.model?.files ?? {})) needed.add(sha256);
      }
      const unused = (await artifacts.list()).filter(({ sha256 }) => !needed.has(sha256));
      for (const { sha256 } of unused) await artifacts.remove(sha256);
      return sum(unused);
    },
  };
}

function sum(items: readonly { readonly bytes: number }[]): number {
  return items.reduce((total, { bytes }) => total + bytes, 0);
}

const NOTHING_KNOWN: { readonly usage?: number; readonly quota?: number } = {};
