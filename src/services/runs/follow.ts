import type { RunId, StoredEvent } from '../../domain/runs/events.ts';
import { type EvalMetrics, type MetricSeries, type StepMetrics, thinOut } from '../../domain/runs/metrics.ts';
import type { RunService } from './runs.ts';

/** What a screen shows of a run that goes on: each reading fetches only what is new. */
export interface Followed {
  readonly events: readonly StoredEvent[];
  readonly metrics: MetricSeries;
}

/**
 * Follows one run. A run of 100,000 steps has as many rows: reading all of them every other second would
 * take longer than a frame lasts. `points`: about so many rows are kept. One reading at a time.
 */
export function followRun(
  runs: Pick<RunService, 'events' | 'metrics'>,
  id: RunId,
  points: number,
): () => Promise<Followed> {
  let events: readonly StoredEvent[] = [];
  let metrics: MetricSeries | null = null;
  return async () => {
    const added = await runs.events(id, events.at(-1)?.seq ?? -1);
    events = added.length === 0 ? events : [...events, ...added];
    // Going back to a checkpoint takes figures away.
    const rewound = added.some(({ event }) => event.type === 'started' || event.type === 'device_changed');
    const before: MetricSeries | null = rewound ? null : metrics;
    metrics =
      before === null
        ? await runs.metrics(id, { points })
        : join(before, await runs.metrics(id, { from: lastStep(before) }), points);
    return { events, metrics };
  };
}

/** An evaluation may be written after the step that it belongs to, so that step is read again. */
function lastStep({ steps, evals }: MetricSeries): number {
  return Math.max(steps.at(-1)?.step ?? 0, evals.at(-1)?.step ?? 0);
}

function join(before: MetricSeries, added: MetricSeries, points: number): MetricSeries {
  const last = before.steps.at(-1)?.step ?? -1;
  const steps: readonly StepMetrics[] = added.steps.filter(({ step }) => step > last);
  const lastEval = before.evals.at(-1)?.step ?? -1;
  const evals: readonly EvalMetrics[] = added.evals.filter(({ step }) => step > lastEval);
  if (steps.length === 0 && evals.length === 0) return before;
  const all = [...before.steps, ...steps];
  return {
    steps: all.length > 2 * points ? thinOut(all, points) : all,
    evals: [...before.evals, ...evals],
    total: before.total + steps.length,
  };
}
