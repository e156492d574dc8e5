import type { AnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';

/**
 * A GPU reports what is wrong later: these scopes catch what `work` did, and `work`'s own rejection.
 * Throws ANN-DEV-002 for memory, ANN-DEV-006 for all else. `doing` begins the message.
 */
export async function scoped<T>(
  device: GPUDevice,
  doing: string,
  work: () => T | Promise<T>,
  undo: (value: T) => void = () => {},
): Promise<T> {
  device.pushErrorScope('validation');
  device.pushErrorScope('internal');
  device.pushErrorScope('out-of-memory');
  let result: { readonly value: T } | { readonly error: unknown };
  let pending: T | Promise<T>;
  try {
    pending = work();
    // Popped before anything is awaited: scopes are a stack that others use too.
  } catch (error) {
    pending = Promise.reject(error);
  }
  const scopes = [device.popErrorScope(), device.popErrorScope(), device.popErrorScope()];
  try {
    result = { value: await pending };
  } catch (error) {
    result = { error };
  }
  // A lost device rejects here; its `lost` says so better.
  const [memory, internal, invalid] = await Promise.all(scopes.map((scope) => scope.catch(() => null)));
  const seen = memory ? outOfMemory(doing, memory.message) : reported(doing, internal ?? invalid ?? null);
  if ('error' in result) throw seen ?? explain(doing, result.error);
  if (seen === null) return result.value;
  undo(result.value);
  throw seen;
}

export function outOfMemory(doing: string, detail: string): AnnealError {
  return deviceErrors.outOfMemory({ message: `${doing}: ${deviceErrors.outOfMemory.title}: ${detail}` });
}

function reported(doing: string, error: GPUError | null): AnnealError | null {
  if (error === null) return null;
  return deviceErrors.failed({ message: `${doing}: ${error.message}` });
}

function explain(doing: string, error: unknown): unknown {
  if (error instanceof Error && error.name === 'AnnealError') return error;
  const detail = error instanceof Error ? error.message : String(error);
  return deviceErrors.failed({ message: `${doing}: ${detail}`, cause: error });
}
