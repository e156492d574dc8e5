import type { PreflightReport } from './report.ts';

/**
 * What the screen shows while somebody types: the newest diagnostics at once, the figures of the last
 * text that could be read, marked as such while the present one cannot.
 */
export interface Shown {
  readonly report: PreflightReport | null;
  /** The last report whose text was YAML and had no wrong field, or a sound model at least. */
  readonly good: PreflightReport | null;
  /** Whether `good` is of an older text than `report`. */
  readonly stale: boolean;
  /** Only Train is blocked, never the editor. */
  readonly canTrain: boolean;
}

export const NOTHING_SHOWN: Shown = { report: null, good: null, stale: false, canTrain: false };

export function show(shown: Shown, report: PreflightReport): Shown {
  const isGood = report.readable && report.estimate.parameters !== null;
  const good = isGood ? report : shown.good;
  return {
    report,
    good,
    stale: good !== null && good !== report,
    canTrain: report.config !== null && !report.diagnostics.some(({ severity }) => severity === 'error'),
  };
}
