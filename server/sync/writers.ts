import { personIdOf } from '../access/principal.ts';
import { serverErrors } from '../errors.ts';
import type { RoomAwareness } from './awareness.ts';
import type { RoomPeer } from './room-parts.ts';

/**
 * Null where nobody signs in: then all are one person to the server. Guests of a link are one, too: who opens it
 * again has another session, and goes on with what he wrote.
 */
function personAt({ guest: { principal } }: RoomPeer): string | null {
  if (principal.kind === 'local') return null;
  return principal.kind === 'share' ? principal.id : personIdOf(principal);
}

/**
 * Who writes as which Yjs client, as far as it was seen while the document is in memory. Nobody else has more of a
 * client than the server that heard its own socket: what somebody else brings under it was made up, and would take
 * the place of what that person writes offline. Whoever says a client first, while he writes as it, has it: awareness
 * gives it to one socket at a time.
 */
export class Writers {
  readonly #persons = new Map<number, string>();
  readonly #peers: ReadonlySet<RoomPeer>;
  readonly #awareness: Pick<RoomAwareness, 'speaksFor'>;
  readonly #isShared: boolean;

  /** `isShared`: other servers hear people too, so that only of those who are here it is known what they wrote. */
  constructor(peers: ReadonlySet<RoomPeer>, awareness: Pick<RoomAwareness, 'speaksFor'>, isShared: boolean) {
    this.#peers = peers;
    this.#awareness = awareness;
    this.#isShared = isShared;
  }

  /** Errors: rotatedUpdate, which has honest editors keep their text and open the document anew. */
  check(clients: ReadonlyMap<number, number>, from: RoomPeer): void {
    const person = personAt(from);
    if (person === null) return;
    for (const client of clients.keys()) {
      const owner = this.#persons.get(client);
      if (owner === undefined || owner === person) continue;
      if (this.#isShared && ![...this.#peers].some((peer) => personAt(peer) === owner)) continue;
      throw serverErrors.rotatedUpdate({ message: 'The update goes on with what somebody else writes' });
    }
  }

  wrote(clients: ReadonlyMap<number, number>, from: RoomPeer): void {
    const person = personAt(from);
    const client = this.#awareness.speaksFor(from);
    if (person === null || client === null || !clients.has(client) || this.#persons.has(client)) return;
    this.#persons.set(client, person);
  }
}
