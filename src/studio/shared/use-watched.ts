import { startTransition, useEffect, useRef, useState } from 'react';

export interface Watched<T> {
  /** Undefined until it has been loaded for the first time. */
  readonly value: T | undefined;
  readonly error: unknown;
}

/** Between two loads, milliseconds: a run writes figures far more often than anybody can read them. */
const PAUSE = 700;

/**
 * Loads a value and loads it again after each change that `watch` reports, one load at a time, the last
 * change never lost. `key` says what is watched: another key starts over. `pause` is the least time between
 * two loads, milliseconds.
 */
export function useWatched<T>(
  key: string,
  load: () => Promise<T>,
  watch: (listener: () => void) => () => void,
  pause: number = PAUSE,
): Watched<T> {
  const [state, setState] = useState<{ readonly key: string } & Watched<T>>({
    key,
    value: undefined,
    error: null,
  });
  const latest = useRef({ load, watch });
  latest.current = { load, watch };
  useEffect(() => {
    let over = false;
    let busy = false;
    let again = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = async (): Promise<void> => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      again = false;
      try {
        const value = await latest.current.load();
        // What comes by itself never holds up what somebody does.
        if (!over) startTransition(() => setState({ key, value, error: null }));
      } catch (error) {
        if (!over)
          setState((before) => ({ key, value: before.key === key ? before.value : undefined, error }));
      }
      if (over) return;
      timer = setTimeout(() => {
        busy = false;
        if (again) void refresh();
      }, pause);
    };
    const unwatch = latest.current.watch(() => void refresh());
    void refresh();
    return () => {
      over = true;
      clearTimeout(timer);
      unwatch();
    };
  }, [key, pause]);
  return state.key === key ? state : { value: undefined, error: null };
}
