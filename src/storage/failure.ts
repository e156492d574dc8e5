import { AnnealError } from '../base/error.ts';
import { storageErrors, toStorageError } from './errors.ts';

/** What was thrown, as a storage error that names the place and, where there was no room, the bytes needed. */
export function storageFailure(
  thrown: unknown,
  where: string,
  needed: number,
  free: number | null = null,
): AnnealError {
  const error = toStorageError(thrown);
  const full = error.code === storageErrors.full.code || (free !== null && free < needed);
  if (full) {
    return storageErrors.full({
      message: `There is no room for the ${needed} bytes of ${where}${free === null ? '' : `; ${free} are left`}.`,
      where,
      data: { needed, free },
      cause: thrown,
    });
  }
  return new AnnealError({ ...error.toJSON(), where }, { cause: thrown });
}
