import { inBytes } from '../../base/units.ts';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import { storageErrors } from '../errors.ts';
import { checkSegment } from '../segment.ts';

/** For tests and for runs that nobody wants to keep. `capacity` in bytes; a put beyond it throws ANN-STO-001. */
export function createMemoryCheckpointStore(capacity = Number.POSITIVE_INFINITY): CheckpointStore {
  const runs = new Map<string, Map<string, Uint8Array>>();

  function used(): number {
    let sum = 0;
    for (const blobs of runs.values()) for (const bytes of blobs.values()) sum += bytes.byteLength;
    return sum;
  }

  return {
    async put(run, name, bytes) {
      const blobs = runs.get(checkSegment(run)) ?? new Map<string, Uint8Array>();
      const free = capacity - used() + (blobs.get(checkSegment(name))?.byteLength ?? 0);
      if (bytes.byteLength > free) {
        throw storageErrors.full({
          message: `${name} needs ${inBytes(bytes.byteLength)}; ${inBytes(free)} are free.`,
          where: `${run}/${name}`,
          data: { needed: bytes.byteLength, free },
        });
      }
      blobs.set(name, new Uint8Array(bytes));
      runs.set(run, blobs);
    },
    async get(run, name) {
      const bytes = runs.get(checkSegment(run))?.get(checkSegment(name));
      return bytes ? new Uint8Array(bytes) : null;
    },
    async list(run) {
      const blobs = runs.get(checkSegment(run)) ?? new Map<string, Uint8Array>();
      return [...blobs]
        .map(([name, bytes]) => ({ name, bytes: bytes.byteLength }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async remove(run, name) {
      if (name === undefined) runs.delete(checkSegment(run));
      else runs.get(checkSegment(run))?.delete(checkSegment(name));
    },
  };
}
