import { MIN_PASSWORD } from '../../protocol/http/access.ts';

/** How much is missing of a password that somebody chooses; null where it is long enough, or not begun. */
export function tooShort(password: string): string | null {
  const missing = MIN_PASSWORD - password.length;
  if (password === '' || missing <= 0) return null;
  return missing === 1 ? 'One more character' : `${missing} more characters`;
}
