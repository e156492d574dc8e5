import { serverErrors } from '../errors.ts';

/**
 * ANNEAL_MASTER_KEY: 32 random bytes as base64 or as 64 hexadecimal digits, such as `openssl rand -base64 32`
 * prints. Null where it is not set. Errors: badOption.
 */
export function masterKeyIn(text: string | undefined, name: string): Buffer | null {
  const value = text?.trim() ?? '';
  if (value === '') return null;
  const key = /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : Buffer.from(value, 'base64');
  if (key.length === 32 && /^[\w+/=-]+$/.test(value)) return key;
  throw serverErrors.badOption({
    where: name,
    message: `${name} takes 32 bytes as base64 or as 64 hexadecimal digits (openssl rand -base64 32)`,
  });
}

/** The key that is used, and the one before it while `anneal keys rotate` has not run. */
export interface MasterKeys {
  readonly current: Buffer;
  readonly previous: Buffer | null;
}

/** Errors: badOption. */
export function masterKeysIn(environment: Readonly<Record<string, string | undefined>>): MasterKeys | null {
  const current = masterKeyIn(environment.ANNEAL_MASTER_KEY, 'ANNEAL_MASTER_KEY');
  const previous = masterKeyIn(environment.ANNEAL_MASTER_KEY_PREVIOUS, 'ANNEAL_MASTER_KEY_PREVIOUS');
  if (current !== null) return { current, previous };
  if (previous === null) return null;
  throw serverErrors.badOption({
    where: 'ANNEAL_MASTER_KEY_PREVIOUS',
    message: 'ANNEAL_MASTER_KEY_PREVIOUS goes with ANNEAL_MASTER_KEY',
  });
}
