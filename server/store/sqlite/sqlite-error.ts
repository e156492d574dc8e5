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

/** What SQLite says, as an error with advice. */
export function sqliteError(error: unknown): AnnealError {
  if (error instanceof NewerDatabase) return serverErrors.newerData({ message: error.message, cause: error });
  if (error instanceof DamagedDatabase) return serverErrors.dataDamaged({ cause: error });
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  if (code === SQLITE_BUSY) return serverErrors.dataInUse({ cause: error });
  if (code === SQLITE_FULL) return protocolErrors.storageFull({ cause: error });
  if (code === SQLITE_READONLY || code === SQLITE_CANTOPEN) {
    const why = error instanceof Error ? `: ${error.message}` : '';
    return serverErrors.dataUnusable({ message: `${serverErrors.dataUnusable.title}${why}`, cause: error });
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return serverErrors.dataDamaged({ cause: error });
  return toAnnealError(error, serverErrors.storeFailed);
}
