import type { RunStore } from '../domain/runs/ports.ts';
import type { Run } from '../domain/runs/run.ts';

/** What every run store answers to `list`, newest first. */
export function selectRuns(
  runs: readonly Run[],
  filter: Parameters<RunStore['list']>[0] = {},
): readonly Run[] {
  return runs
    .filter((run) => filter.project === undefined || run.project === filter.project)
    .filter((run) => (run.deleted_at !== null) === (filter.deleted ?? false))
    .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
}
