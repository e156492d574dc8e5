import { AnnealError } from '../base/error.ts';
import { inBytes } from '../base/units.ts';
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
    // What a browser says is left is what the site may use: the disk below may be full all the same.
    const left = free === null || free >= needed ? '' : `; ${inBytes(free)} are left`;
    return storageErrors.full({
      message: `There is no room for the ${inBytes(needed)} of ${where}${left}.`,
      where,
      data: { needed, free },
      cause: thrown,
    });
  }
  return new AnnealError({ ...error.toJSON(), where }, { cause: thrown });
}
