/** The steps that a chart shows, from its left edge to its right one. */
export interface StepAxis {
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
}

/** Ticks for a log axis: 1, 2 and 5 times powers of ten, only the powers where that would be too many. */
export function logTicks({ from, to }: StepAxis): number[] {
  const decades = Math.log10(to / from);
  const factors = decades > 3.2 ? [1] : decades > 1.6 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return ticks;
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
