import { useSyncExternalStore } from 'react';

/**
 * The step under the pointer, shared by charts that belong together. It lives outside of React's state, so
 * that moving the pointer draws a line and a table anew, and no chart.
 */
export interface ChartPointer {
  readonly step: () => number | null;
  readonly point: (step: number | null) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createChartPointer(): ChartPointer {
  const listeners = new Set<() => void>();
  let at: number | null = null;
  return {
    step: () => at,
    point(step) {
      if (step === at) return;
      at = step;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function usePointedStep(pointer: ChartPointer): number | null {
  return useSyncExternalStore(pointer.subscribe, pointer.step);
}
