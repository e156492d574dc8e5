import { runErrors } from '../../domain/runs/errors.ts';
import type { RunId, StoredEvent } from '../../domain/runs/events.ts';
import type { RunStore } from '../../domain/runs/ports.ts';
import { type Run, reduce } from '../../domain/runs/run.ts';
import { selectRuns } from '../select-runs.ts';

/** For tests, and the reading side of the store of files in Node. */
export function createMemoryRunStore(): RunStore {
  const runs = new Map<RunId, Run>();
  const logs = new Map<RunId, StoredEvent[]>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    async append(id, event, at) {
      const before = runs.get(id) ?? null;
      if (before === null && event.type !== 'created') throw runErrors.unknownRun({ where: id });
      const next = reduce(before, id, event, at);
      if (!next.ok) throw next.error;
      runs.set(id, next.value);
      logs.set(id, [...(logs.get(id) ?? []), { seq: before?.events ?? 0, at, event }]);
      changed();
      return next.value;
    },
    async get(id) {
      return runs.get(id) ?? null;
    },
    async list(filter) {
      return selectRuns([...runs.values()], filter);
    },
    async events(id, after = -1) {
      return (logs.get(id) ?? []).filter(({ seq }) => seq > after);
    },
    async purge(id) {
      runs.delete(id);
      logs.delete(id);
      changed();
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
