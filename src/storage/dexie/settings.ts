import type { SharedSettings, TimingStore } from '../../domain/runs/ports.ts';
import { toStorageError } from '../errors.ts';
import type { Database } from './database.ts';

export function createDexieSettings({ dexie, settings }: Database): SharedSettings {
  return {
    get: async (key) => (await settings.get(key).catch(rethrow))?.value,
    set: async (key, value) => void (await settings.put({ key, value }).catch(rethrow)),
    change: (key, make) =>
      dexie
        .transaction('rw', settings, async () => {
          await settings.put({ key, value: make((await settings.get(key))?.value) });
        })
        .catch(rethrow),
  };
}

export function createDexieTimings({ timings }: Database): TimingStore {
  return {
    get: async (device) => (await timings.get(device).catch(rethrow)) ?? null,
    put: async (entry) => void (await timings.put(entry).catch(rethrow)),
  };
}

function rethrow(thrown: unknown): never {
  throw toStorageError(thrown);
}
