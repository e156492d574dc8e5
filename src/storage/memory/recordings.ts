import type { RunId } from '../../domain/runs/events.ts';
import type { RecordingStore } from '../../domain/runs/ports.ts';
import type { RecordedStep } from '../../engine/training/recorded-step.ts';

export function createMemoryRecordingStore(): RecordingStore {
  const kept = new Map<RunId, RecordedStep>();
  const listeners = new Map<RunId, Set<() => void>>();
  const changed = (run: RunId): void => {
    for (const listener of listeners.get(run) ?? []) listener();
  };
  return {
    async put(run, recorded) {
      kept.set(run, structuredClone(recorded));
      changed(run);
    },
    get: async (run) => kept.get(run) ?? null,
    async purge(run) {
      kept.delete(run);
      changed(run);
    },
    watch(run, listener) {
      const those = listeners.get(run) ?? new Set();
      listeners.set(run, those.add(listener));
      return () => void those.delete(listener);
    },
  };
}
