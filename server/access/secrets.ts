import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits: nobody guesses them, so that one round of SHA-256 is enough to keep them by. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** `u_4f…`: says of what it is the id, and nothing else. */
export function newId(kind: 'u' | 'k' | 's' | 'i' | 'w'): string {
  return `${kind}_${randomBytes(12).toString('hex')}`;
}

/** What a secret of a key begins with, so that scanners of repositories find those that were committed. */
export const KEY_PREFIX = 'anneal_key_';
