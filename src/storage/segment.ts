import { storageErrors } from './errors.ts';

/** A name that is safe as one segment of a path on every system. Throws ANN-STO-005. */
export function checkSegment(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) {
    throw storageErrors.badName({
      message: `${JSON.stringify(name)} cannot be stored under this name.`,
      where: name,
    });
  }
  return name;
}
