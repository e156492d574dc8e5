import type { Timings } from '../../domain/preflight/report.ts';
import type { Locks, Settings, TimingStore } from '../../domain/runs/ports.ts';

export function createMemorySettings(): Settings {
  const kept = new Map<string, string>();
  return {
    async get(key) {
      const json = kept.get(key);
      return json === undefined ? undefined : JSON.parse(json);
    },
    async set(key, value) {
      kept.set(key, JSON.stringify(value));
    },
  };
}

export function createMemoryTimings(): TimingStore {
  const kept = new Map<string, Timings>();
  return {
    async get(device) {
      return kept.get(device) ?? null;
    },
    async put(timings) {
      kept.set(timings.device, timings);
    },
  };
}

/** Locks within one process. */
export function createMemoryLocks(): Locks {
  const names = new Set<string>();
  return {
    async tryHold(name, work) {
      if (names.has(name)) return null;
      names.add(name);
      try {
        return { value: await work() };
      } finally {
        names.delete(name);
      }
    },
    async held() {
      return new Set(names);
    },
  };
}
