/** One curve: values at steps, steps ascending. Gaps and non-finite values are left out of the drawing. */
export interface Series {
  readonly id: string;
  readonly label: string;
  /** A theme colour such as `blue.6`. */
  readonly color: string;
  readonly dashed?: boolean;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/**
 * Exponential moving average without the bias of its start (as TensorBoard smooths): weight 0 changes
 * nothing, 0.99 averages about 100 points. Non-finite values pass through and do not enter the average.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  let average = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = average * weight + (1 - weight) * value;
    count++;
    return average / (1 - weight ** count);
  });
}

/**
 * At most about `limit` indexes of a curve: the lowest and highest of each of limit / 2 equal stretches, so
 * that no spike disappears, and both ends.
 */
export function thin(values: readonly number[], limit: number): number[] {
  if (values.length <= limit) return values.map((_, index) => index);
  const stretches = Math.max(1, Math.floor(limit / 2) - 1);
  const kept = new Set<number>([0, values.length - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * values.length) / stretches);
    const to = Math.floor(((stretch + 1) * values.length) / stretches);
    let low = from;
    let high = from;
    for (let i = from; i < to; i++) {
      const value = values[i] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      // Not `<`: the first of the stretch may be no number, which nothing is less than.
      if (!((values[low] ?? Number.NaN) <= value)) low = i;
      if (!((values[high] ?? Number.NaN) >= value)) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}

/** The part of a curve between two steps, both included, with one point more on each side so that lines reach the edge. */
export function within(series: Series, from: number, to: number): Series {
  const first = Math.max(0, lowerBound(series.steps, from) - 1);
  const last = Math.min(series.steps.length, lowerBound(series.steps, to) + 2);
  return { ...series, steps: series.steps.slice(first, last), values: series.values.slice(first, last) };
}

/** The value at a step, or at the last step before it; null before the first. */
export function readAt(series: Series, step: number): number | null {
  const index = lowerBound(series.steps, step);
  const at = series.steps[index] === step ? index : index - 1;
  return series.values[at] ?? null;
}

export interface Point {
  readonly step: number;
  readonly value: number;
}

/** A curve thinned to `limit` points. On a log axis, values that have no logarithm are left out. */
export function pointsOf({ steps, values }: Series, limit: number, log: boolean): Point[] {
  return thin(values, limit).flatMap((index) => {
    const step = steps[index];
    const value = values[index];
    if (step === undefined || value === undefined || !Number.isFinite(value) || (log && value <= 0))
      return [];
    return [{ step, value }];
  });
}

/** The first index whose step is at least `step`. */
function lowerBound(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
