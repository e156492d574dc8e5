import { liveQuery } from 'dexie';
import type { RecordingStore } from '../../domain/runs/ports.ts';
import { toStorageError } from '../errors.ts';
import type { Database } from './database.ts';

export function createDexieRecordingStore({ recordings }: Database): RecordingStore {
  return {
    put: async (run, recorded) => void (await recordings.put({ run, recorded }).catch(rethrow)),
    get: async (run) => (await recordings.get(run).catch(rethrow))?.recorded ?? null,
    purge: (run) => recordings.delete(run).catch(rethrow),
    watch(run, listener) {
      const subscription = liveQuery(() => recordings.get(run)).subscribe(() => listener());
      return () => subscription.unsubscribe();
    },
  };
}

function rethrow(thrown: unknown): never {
  throw toStorageError(thrown);
}
