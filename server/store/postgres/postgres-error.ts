import { AnnealError, toAnnealError } from '../../../src/base/error.ts';
import { protocolErrors } from '../../../src/protocol/errors.ts';
import { serverErrors } from '../../errors.ts';
import { NewerDatabase } from '../migrations/migrations.ts';

const DISK_FULL = '53100';
const DAMAGED = new Set(['XX001', 'XX002']);
const LOCK_TIMEOUT = '55P03';
/** Not there, not yet or no more, or not for this user; of what PostgreSQL says, and of what the network says. */
const UNREACHABLE = /^(08|28|3D|53300|57P0|E[A-Z]+$)/;

/** A value that its type does not take, a row that breaks a rule of its table, or one that is too long. */
const OWN_FAULT = /^(21|22|23|54)[0-9A-Z]{3}$/;

/** Whether a statement failed by what it was given: others may be written all the same. */
export const isOwnFault = (error: unknown): boolean => OWN_FAULT.test(codeOf(error));

/** What PostgreSQL or the way to it says, as an error with advice. */
export function postgresError(error: unknown): AnnealError {
  if (error instanceof AnnealError) return error;
  if (error instanceof NewerDatabase) return serverErrors.newerData({ message: error.message, cause: error });
  const code = codeOf(error);
  if (code === DISK_FULL) return protocolErrors.storageFull({ cause: error });
  if (DAMAGED.has(code)) return serverErrors.dataDamaged({ cause: error });
  if (code === LOCK_TIMEOUT) return serverErrors.databaseShared({ cause: error });
  if (UNREACHABLE.test(code) || wasCutOff(error)) {
    const why = error instanceof Error && error.message !== '' ? error.message : code;
    return serverErrors.databaseUnreachable({
      message: `${serverErrors.databaseUnreachable.title}: ${why}`,
      cause: error,
    });
  }
  return toAnnealError(error, serverErrors.storeFailed);
}

/** SQLSTATE of PostgreSQL or the code of the system; empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The driver's own words carry no code. */
function wasCutOff(error: unknown): boolean {
  return (
    error instanceof Error &&
    /connection (terminated|ended|timeout)|timeout (exceeded|expired)|not queryable/i.test(error.message)
  );
}
