import type { RunId } from '../../domain/runs/events.ts';

/** Held by whoever trains the run; a run that is active without it was interrupted. */
export function runLock(run: RunId): string {
  return `anneal/run/${run}`;
}

/** Held while any run of the project trains in this browser. */
export function projectLock(project: string): string {
  return `anneal/train/${project}`;
}
