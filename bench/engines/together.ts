/** One piece of work of a thread: its beginning and its end on a clock that all threads share, milliseconds. */
export type Span = readonly [start: number, end: number];

/**
 * The most that threads got done at one time, in pieces a millisecond: the best of each one alone would
 * count what a thread reaches while the others rest, and memory is shared. 0 where they never ran together.
 */
export function bestTogether(threads: readonly (readonly Span[])[]): number {
  const moments = threads.flatMap((spans) => spans.map(([start, end]) => (start + end) / 2));
  let best = 0;
  for (const moment of moments) {
    let rate = 0;
    for (const spans of threads) {
      const during = spans.find(([start, end]) => start <= moment && moment < end);
      if (during === undefined) {
        rate = 0;
        break;
      }
      rate += 1 / (during[1] - during[0]);
    }
    best = Math.max(best, rate);
  }
  return best;
}
