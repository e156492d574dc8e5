import type { AnnealError } from '../../base/error.ts';
import type { Sha256 } from '../../domain/artifacts/ports.ts';
import type { Moving } from './transfers.ts';

/** Where an artifact is. Null: not known yet, or the server cannot be asked. */
export interface ArtifactState {
  readonly here: boolean | null;
  readonly server: boolean | null;
  readonly bytes: number;
  readonly moving: Moving | null;
  /** Why it could not be moved; it is tried again when somebody asks for it. */
  readonly problem: AnnealError | null;
}

export interface SyncState {
  readonly artifacts: ReadonlyMap<Sha256, ArtifactState>;
  /** False while the server cannot be reached: then everything waits, and goes on by itself. */
  readonly online: boolean;
}

/** One artifact in several projects: on the server where all of them can have it from there. */
export function together(before: ArtifactState | undefined, one: ArtifactState): ArtifactState {
  const { here, server, bytes, moving, problem } = one;
  if (before === undefined) return { here, server, bytes, moving, problem };
  const both = before.server === true && server === true;
  const neither = before.server === false || server === false;
  return {
    here: before.here ?? here,
    server: both ? true : neither ? false : null,
    bytes,
    moving: before.moving ?? moving,
    problem: before.problem ?? problem,
  };
}
