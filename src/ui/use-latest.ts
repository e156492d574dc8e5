import { useCallback, useRef } from 'react';

/** The same function for good, which does what the one of the latest render does: for commands and events. */
export function useLatest<Args extends readonly unknown[], Result>(
  run: (...args: Args) => Result,
): (...args: Args) => Result {
  const latest = useRef(run);
  latest.current = run;
  return useCallback((...args: Args) => latest.current(...args), []);
}
