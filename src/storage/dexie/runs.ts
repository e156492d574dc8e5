import { Dexie, liveQuery } from 'dexie';
import { runErrors } from '../../domain/runs/errors.ts';
import type { RunStore } from '../../domain/runs/ports.ts';
import { reduce } from '../../domain/runs/run.ts';
import { toStorageError } from '../errors.ts';
import { selectRuns } from '../select-runs.ts';
import type { Database } from './database.ts';

export function createDexieRunStore({ dexie, runs, events }: Database): RunStore {
  return {
    append: (id, event, at) =>
      // One transaction over all tabs: of two that end a run at once, the second is refused.
      dexie
        .transaction('rw', runs, events, async () => {
          const before = (await runs.get(id)) ?? null;
          if (before === null && event.type !== 'created') throw runErrors.unknownRun({ where: id });
          const next = reduce(before, id, event, at);
          if (!next.ok) throw next.error;
          await events.add({ run: id, seq: before?.events ?? 0, at, event });
          await runs.put(next.value);
          return next.value;
        })
        .catch(rethrow),
    get: async (id) => (await runs.get(id).catch(rethrow)) ?? null,
    list: async (filter) => {
      const found = filter?.project === undefined ? runs : runs.where('project').equals(filter.project);
      return selectRuns(await found.toArray().catch(rethrow), filter);
    },
    events: async (id, after = -1) => {
      const rows = await events
        .where('[run+seq]')
        .between([id, after + 1], [id, Dexie.maxKey])
        .toArray()
        .catch(rethrow);
      return rows.map(({ seq, at, event }) => ({ seq, at, event }));
    },
    purge: (id) =>
      dexie
        .transaction('rw', runs, events, async () => {
          await runs.delete(id);
          await events.where('[run+seq]').between([id, Dexie.minKey], [id, Dexie.maxKey]).delete();
        })
        .catch(rethrow),
    watch(listener) {
      const subscription = liveQuery(() => runs.toArray()).subscribe(() => listener());
      return () => subscription.unsubscribe();
    },
  };
}

function rethrow(thrown: unknown): never {
  throw toStorageError(thrown);
}
