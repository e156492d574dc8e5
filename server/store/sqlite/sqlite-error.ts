import { type AnnealError, toAnnealError } from '../../../src/base/error.ts';
import { protocolErrors } from '../../../src/protocol/errors.ts';
import { serverErrors } from '../../errors.ts';
import { NewerDatabase } from '../migrations/migrations.ts';
import { DamagedDatabase } from './database.ts';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** A row that is too long, that breaks a rule of its table, or of which a value is of another type. */
const OWN_FAULTS = new Set([18, 19, 20, 25]);

/** Whether a statement failed by what it was given: others may be written all the same. */
export function isOwnFault(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return OWN_FAULTS.has(codeOf(error));
}

/** What SQLite says, as an error with advice. */
export function sqliteError(error: unknown): AnnealError {
  if (error instanceof NewerDatabase) return serverErrors.newerData({ message: error.message, cause: error });
  if (error instanceof DamagedDatabase) return serverErrors.dataDamaged({ cause: error });
  const code = codeOf(error);
  if (code === SQLITE_BUSY) return serverErrors.dataInUse({ cause: error });
  if (code === SQLITE_FULL) return protocolErrors.storageFull({ cause: error });
  if (code === SQLITE_READONLY || code === SQLITE_CANTOPEN) {
    const why = error instanceof Error ? `: ${error.message}` : '';
    return serverErrors.dataUnusable({ message: `${serverErrors.dataUnusable.title}${why}`, cause: error });
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return serverErrors.dataDamaged({ cause: error });
  return toAnnealError(error, serverErrors.storeFailed);
}

/** SQLite's own number; 0 where it did not say anything. */
function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}
