import type { RunStore } from '../domain/runs/ports.ts';
import { isFor, type Run } from '../domain/runs/run.ts';

/** What every run store answers to `list`, newest first. */
export function selectRuns(
  runs: readonly Run[],
  filter: Parameters<RunStore['list']>[0] = {},
): readonly Run[] {
  const { person } = filter;
  return runs
    .filter((run) => person === undefined || isFor(run, person))
    .filter((run) => filter.project === undefined || run.project === filter.project)
    .filter((run) => (run.deleted_at !== null) === (filter.deleted ?? false))
    .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
}
