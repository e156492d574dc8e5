import type { Timings } from '../../domain/preflight/report.ts';
import type { Locks, SharedSettings, TimingStore } from '../../domain/runs/ports.ts';

export function createMemorySettings(): SharedSettings {
  const kept = new Map<string, string>();
  const read = (key: string): unknown => {
    const json = kept.get(key);
    return json === undefined ? undefined : JSON.parse(json);
  };
  return {
    get: async (key) => read(key),
    async set(key, value) {
      kept.set(key, JSON.stringify(value));
    },
    async change(key, make) {
      kept.set(key, JSON.stringify(make(read(key))));
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
