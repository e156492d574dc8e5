import type { ArtifactStore, ProjectFiles, RemoteArtifacts } from '../../domain/artifacts/ports.ts';
import type { Locks, RunStore, SharedSettings } from '../../domain/runs/ports.ts';
import { type Owner, syncByPerson } from '../../services/artifacts/by-person.ts';
import { createRunHolds } from '../../services/artifacts/holds.ts';
import { type ArtifactSync, createArtifactSync } from '../../services/artifacts/sync.ts';
import type { Transfers } from '../../services/artifacts/transfers.ts';

/** After a change of a run: a run that trains changes often, and what it refers to seldom. */
const TELL_AFTER_MS = 5000;

/** The background sync of this page, for as long as it is open. */
export function startArtifactSync(deps: {
  readonly owner: Owner;
  readonly store: ArtifactStore;
  readonly remote: RemoteArtifacts;
  readonly transfers: Transfers;
  readonly files: (project: string) => Promise<ProjectFiles>;
  readonly settings: SharedSettings;
  readonly locks: Locks;
  readonly runs: RunStore;
}): ArtifactSync {
  const after = (ms: number, work: () => void): (() => void) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  };
  const sync = syncByPerson(deps.owner, (person, isHis) =>
    createArtifactSync({ ...deps, person, isHis, after, random: Math.random }),
  );
  const holds = createRunHolds(deps);
  const tell = (): void => {
    holds.tell().catch(() => undefined); // without network: told at the next change, or when it is back
  };
  let cancel: (() => void) | null = null;
  deps.runs.watch(() => {
    cancel?.();
    cancel = after(TELL_AFTER_MS, tell);
  });
  addEventListener('online', () => {
    sync.wake();
    tell();
  });
  // What tabs left behind that were killed while they wrote.
  const idle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 1000));
  idle(() => void deps.store.sweep().catch(() => undefined));
  return sync;
}
