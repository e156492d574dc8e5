import type { Batch } from '../schedule.ts';

/** Bytes of all that each dispatch binds, once. */
export function bytesReached(batches: readonly Batch[]): number {
  let bytes = 0;
  for (const { dispatch } of batches) {
    for (const binding of dispatch.bindings) {
      bytes += binding.kind === 'table' ? binding.values.byteLength : binding.bytes;
    }
  }
  return bytes;
}
