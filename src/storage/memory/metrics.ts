import type { RunId } from '../../domain/runs/events.ts';
import {
  type EvalMetrics,
  emptySummary,
  type MetricSummary,
  type StepMetrics,
  summarise,
  thinOut,
} from '../../domain/runs/metrics.ts';
import type { MetricStore } from '../../domain/runs/ports.ts';

interface Kept {
  readonly steps: readonly StepMetrics[];
  readonly evals: readonly EvalMetrics[];
  readonly summary: MetricSummary;
}

export function createMemoryMetricStore(): MetricStore {
  const kept = new Map<RunId, Kept>();
  const listeners = new Map<RunId, Set<() => void>>();
  const of = (run: RunId): Kept => kept.get(run) ?? { steps: [], evals: [], summary: emptySummary };
  const changed = (run: RunId): void => {
    for (const listener of listeners.get(run) ?? []) listener();
  };
  return {
    async append(run, batch) {
      const { steps, evals, summary } = of(run);
      kept.set(run, {
        steps: [...steps, ...batch.steps],
        evals: [
          ...evals.filter(({ step }) => batch.evals.every((point) => point.step !== step)),
          ...batch.evals,
        ],
        summary: summarise(summary, batch),
      });
      changed(run);
    },
    async read(run, { from = 0, to = Number.POSITIVE_INFINITY, points } = {}) {
      const { steps, evals } = of(run);
      const within = ({ step }: { readonly step: number }): boolean => step >= from && step <= to;
      const rows = steps.filter(within);
      return {
        steps: points === undefined ? rows : thinOut(rows, points),
        evals: evals.filter(within),
        total: rows.length,
      };
    },
    async summary(run) {
      return of(run).summary;
    },
    async truncate(run, step) {
      const { steps, evals } = of(run);
      const left = {
        steps: steps.filter((row) => row.step <= step),
        evals: evals.filter((row) => row.step <= step),
      };
      kept.set(run, { ...left, summary: summarise(emptySummary, left) });
      changed(run);
    },
    async purge(run) {
      kept.delete(run);
      changed(run);
    },
    watch(run, listener) {
      const those = listeners.get(run) ?? new Set();
      listeners.set(run, those.add(listener));
      return () => void those.delete(listener);
    },
  };
}
