import { StepThinner } from './thin.ts';

/**
 * What is measured while a run trains, by step (updates applied so far). Kept in columns: a store holds
 * one row per chunk of steps, a chart wants one array per series.
 */

export interface StepMetrics {
  readonly step: number;
  readonly loss: number;
  readonly learning_rate: number;
  readonly grad_norm: number;
  readonly tokens_per_second: number;
  readonly step_ms: number;
  /** Held on the device; null where it cannot tell. */
  readonly memory_bytes: number | null;
  /** What the loss was multiplied by; null without loss scaling, and for runs of versions before 0.2. */
  readonly loss_scale: number | null;
}

export interface EvalMetrics {
  readonly step: number;
  readonly val_loss: number;
}

export interface MetricBatch {
  readonly steps: readonly StepMetrics[];
  readonly evals: readonly EvalMetrics[];
}

/** Points of one run, ascending by step; a step's row has the same index in `steps`. */
export interface MetricSeries {
  readonly steps: readonly StepMetrics[];
  readonly evals: readonly EvalMetrics[];
  /** Rows there are in the range; more than `steps` has when they were thinned out. */
  readonly total: number;
}

/** The latest figures of a run, for lists. */
export interface MetricSummary {
  readonly last: StepMetrics | null;
  readonly last_eval: EvalMetrics | null;
  readonly best_eval: EvalMetrics | null;
}

export const emptySummary: MetricSummary = { last: null, last_eval: null, best_eval: null };

/** The summary after one more batch. */
export function summarise(before: MetricSummary, batch: MetricBatch): MetricSummary {
  let best = before.best_eval;
  for (const point of batch.evals) {
    if (best === null || point.val_loss < best.val_loss) best = point;
  }
  return {
    last: batch.steps.at(-1) ?? before.last,
    last_eval: batch.evals.at(-1) ?? before.last_eval,
    best_eval: best,
  };
}

/**
 * At most about `points` rows that look like all of them: of each bucket the rows with the lowest and the
 * highest loss, and the first and last of all. Rows stay whole, so that hovering reads real figures.
 */
export function thinOut(rows: readonly StepMetrics[], points: number): readonly StepMetrics[] {
  if (rows.length <= points || points < 4) return rows.length <= points ? rows : rows.slice(-points);
  const thinner = new StepThinner<null>(rows[0]?.step ?? 0, rows.at(-1)?.step ?? 0, points);
  for (const [i, { step, loss }] of rows.entries()) thinner.see(step, loss, null, i);
  return thinner.rows((_, i) => rows[i]).filter((row) => row !== undefined);
}
