import type { IncomingMessage } from 'node:http';
import type { Disposable } from '../../src/base/disposable.ts';
import type { Role } from '../../src/domain/access/roles.ts';
import type { SyncAddress } from '../../src/protocol/sync.ts';
import { localPrincipal, type Principal } from '../access/principal.ts';
import type { CloseCodeValue } from './close-code.ts';

/** Somebody at a socket, and what he may do there: asked anew for every message, since it can change. */
export interface Guest {
  readonly principal: Principal;
  /** Null: not allowed in any more. */
  role(): Role | null;
  /** Called when the role has changed. */
  onChange(listener: () => void): Disposable;
  /** Called when he is sent away, with why. */
  onSentAway?(code: CloseCodeValue): void;
}

export interface Refusal {
  readonly code: CloseCodeValue;
  readonly reason: string;
}

/** Says who asks for a socket, or why he is turned away. Outsiders learn no more than that there is nothing. */
export type Greeter = (request: IncomingMessage, address: SyncAddress) => Promise<Guest | Refusal>;

export function isRefusal(answer: Guest | Refusal): answer is Refusal {
  return 'code' in answer;
}

/** With sign-in off: whoever reaches the server may do everything. */
export const localGuest: Guest = {
  principal: localPrincipal,
  role: () => 'owner',
  onChange: () => ({ dispose: () => undefined }),
};
