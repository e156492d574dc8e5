import type { MetricSummary } from '../../domain/runs/metrics.ts';
import type { Run } from '../../domain/runs/run.ts';

export interface RunRow {
  readonly run: Run;
  readonly summary: MetricSummary;
}

export type SortKey = 'name' | 'state' | 'created' | 'step' | 'loss' | 'val_loss' | 'parameters';

export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}

const READ: Readonly<Record<SortKey, (row: RunRow) => number | string | null>> = {
  name: ({ run }) => run.name.toLowerCase(),
  state: ({ run }) => run.state,
  created: ({ run }) => run.created_at,
  step: (row) => stepOf(row),
  loss: ({ summary }) => summary.last?.loss ?? null,
  val_loss: ({ summary }) => summary.best_eval?.val_loss ?? null,
  parameters: ({ run }) => run.facts?.parameters ?? null,
};

/** Updates applied, as far as anybody knows. */
export function stepOf({ run, summary }: RunRow): number {
  return Math.max(run.step, run.state === 'running' ? (summary.last?.step ?? 0) : run.step);
}

/**
 * Rows that contain every word of the search, somewhere in name, state, device, data, config or the names of
 * those who edited it; sorted, with what is unknown last either way.
 */
export function arrange(rows: readonly RunRow[], search: string, sorting: Sorting): RunRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const direction = sorting.descending ? -1 : 1;
  const read = READ[sorting.key];
  return rows
    .filter((row) => words.every((word) => haystack(row).includes(word)))
    .sort((a, b) => {
      const [x, y] = [read(a), read(b)];
      if (x === y) return b.run.created_at - a.run.created_at;
      if (x === null) return 1;
      if (y === null) return -1;
      return (x < y ? -1 : 1) * direction;
    });
}

function haystack({ run }: RunRow): string {
  const { pins } = run;
  return [
    run.id,
    run.name,
    run.state,
    pins.device?.name ?? pins.device_choice,
    pins.data.source,
    pins.config.text,
    ...pins.config.edited_by,
  ]
    .join('\n')
    .toLowerCase();
}
