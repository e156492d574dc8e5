import { join, resolve } from 'node:path';

/** Without --audit-key: in the data folder, which is no protection from whoever can write all of that folder. */
export function auditKeyFile(folder: string, named: string | null | undefined): string {
  return resolve(named || join(folder, 'audit', 'key.pem'));
}
