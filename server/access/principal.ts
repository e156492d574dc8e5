import { createHash } from 'node:crypto';
import type { Scope } from '../../src/domain/access/roles.ts';

/** Who asks. What he may do is not written here: roles can change while he is connected. */
export interface Principal {
  /** `local`: sign-in is off, and whoever reaches the server is the one person that uses it. */
  readonly kind: 'local' | 'user' | 'key' | 'share';
  /** Of the user, the key or the share link; `local` for the one person. */
  readonly id: string;
  /** What others are shown. Null: says it himself (local). */
  readonly name: string | null;
  /** What a key is limited to; null: nothing. */
  readonly scopes: readonly Scope[] | null;
  /** Keys and share links are bound to one. */
  readonly workspace?: string;
  /** The user whose key it is. */
  readonly user?: string;
  /** Hash of the session that he came by: when it ends, so does what was opened by it. */
  readonly session?: string;
  /** A share link that a user has opened beside his own account. */
  readonly share?: string;
}

/** With sign-in off. */
export const localPrincipal: Principal = { kind: 'local', id: 'local', name: null, scopes: null };

/** The workspace of a server where nobody has made another. */
export const HOME_WORKSPACE = 'home';

/** Whom others know him as. A link is shared by several people: each browser that opened it is one of them. */
export function personIdOf({ kind, id, user, session }: Principal): string {
  if (kind !== 'share' || session === undefined) return user ?? id;
  return `${id}.${createHash('sha256').update(`guest ${session}`).digest('hex').slice(0, 16)}`;
}
