import { type AnnealError, defineErrors, toAnnealError } from '../base/error.ts';

/** One set for all adapters, whether they keep things in OPFS, IndexedDB or files. */
export const storageErrors = defineErrors('STO', {
  full: {
    number: 1,
    title: 'There is no storage left',
    fix: 'Delete runs or data that are no longer needed, or free space on the disk; what was saved before is whole.',
  },
  denied: {
    number: 2,
    title: 'Storage may not be used here',
    fix: 'Allow this site (or this user) to store data; private windows often forbid it.',
  },
  damaged: {
    number: 3,
    title: 'Stored bytes are not what they should be',
    fix: 'Add or fetch the file again; the damaged copy is not used.',
  },
  failed: {
    number: 4,
    title: 'Reading or writing stored data failed',
    fix: 'Try again; if it keeps failing, look at the disk or reload the page.',
  },
  badName: {
    number: 5,
    title: 'This name cannot be stored',
    fix: 'Use letters, digits, dots, dashes and underscores.',
  },
});

export const NOT_THERE = 'There is no artifact with this hash on this machine';

/** What a browser or Node threw, as an error of ours: full and denied are told apart from the rest. */
export function toStorageError(thrown: unknown): AnnealError {
  const name = thrown instanceof Error ? thrown.name : '';
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  const inner = thrown instanceof Error && 'inner' in thrown ? thrown.inner : null; // Dexie wraps
  if (inner instanceof Error && inner.name === 'QuotaExceededError')
    return storageErrors.full({ cause: thrown });
  if (name === 'QuotaExceededError' || code === 'ENOSPC' || code === 'EDQUOT') {
    return storageErrors.full({ cause: thrown });
  }
  if (name === 'NotAllowedError' || name === 'SecurityError' || code === 'EACCES' || code === 'EPERM') {
    return storageErrors.denied({ cause: thrown });
  }
  return toAnnealError(thrown, storageErrors.failed);
}
