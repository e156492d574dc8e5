import { useSyncExternalStore } from 'react';
import type { Progress } from '../../domain/runs/ports.ts';

/** What runs that were started or resumed in this tab are doing before their first step. */
export interface Preparing {
  readonly report: (run: string, progress: Progress | null) => void;
  readonly of: (run: string) => Progress | null;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createPreparing(): Preparing {
  const latest = new Map<string, Progress>();
  const listeners = new Set<() => void>();
  return {
    report(run, progress) {
      if (progress === null) latest.delete(run);
      else latest.set(run, progress);
      for (const listener of listeners) listener();
    },
    of: (run) => latest.get(run) ?? null,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function usePreparing(preparing: Preparing, run: string): Progress | null {
  return useSyncExternalStore(preparing.subscribe, () => preparing.of(run));
}
