/** The steps that a chart shows, from its left edge to its right one. */
export interface StepAxis {
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
}

/** Where a step lies: 0 at the left edge, 1 at the right one, outside of them beyond. */
export function shareOf({ from, to, log }: StepAxis, step: number): number {
  if (to <= from) return 0;
  if (!log) return (step - from) / (to - from);
  return Math.log(Math.max(step, 1) / from) / Math.log(to / from);
}

/** The step at a share of the width; what is beyond an edge counts as the edge. */
export function stepAt({ from, to, log }: StepAxis, share: number): number {
  const within = Math.min(1, Math.max(0, share));
  return log ? from * (to / from) ** within : from + (to - from) * within;
}
