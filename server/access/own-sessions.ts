import { protocolErrors } from '../../src/protocol/errors.ts';
import { type OwnSession, SESSION_ID_LENGTH } from '../../src/protocol/http/sessions.ts';
import type { Store } from '../store/store.ts';
import type { Access } from './access.ts';
import type { Principal } from './principal.ts';

/** Where somebody is signed in, told to himself alone, and how he ends it. */
export class OwnSessions {
  readonly #store: Store;
  readonly #access: Access;
  readonly #now: () => number;

  constructor(store: Store, access: Access, now: () => number) {
    this.#store = store;
    this.#access = access;
    this.#now = now;
  }

  async list(principal: Principal): Promise<OwnSession[]> {
    const { user, session } = this.#whose(principal);
    const all = await this.#store.call('listSessions', { user, now: this.#now() });
    return all.map(({ hash, ...rest }) => ({ id: idOf(hash), current: hash === session, ...rest }));
  }

  async end(principal: Principal, id: string): Promise<{ readonly ended: number }> {
    const ended = await this.#store.call('endSessionsOf', { user: this.#whose(principal).user, id });
    if (ended.length === 0) throw protocolErrors.accessNotFound({ message: 'You have no such session' });
    for (const session of ended) this.#access.changed({ session });
    return { ended: ended.length };
  }

  async endOthers(principal: Principal): Promise<{ readonly ended: number }> {
    const { user, session } = this.#whose(principal);
    const ended = await this.#store.call('endSessionsOf', { user, keep: session });
    // All at once: there may be thousands, and everybody who is connected is asked about each change.
    if (ended.length > 0) this.#access.changed({ user });
    return { ended: ended.length };
  }

  #whose(principal: Principal): { readonly user: string; readonly session: string } {
    if (this.#access.mode === 'off') throw protocolErrors.signInOff();
    const { kind, id, session } = principal;
    if (kind !== 'user' || session === undefined)
      throw protocolErrors.forbidden({ message: 'Keys and links are signed in nowhere' });
    return { user: id, session };
  }
}

function idOf(hash: string): string {
  return hash.slice(0, SESSION_ID_LENGTH);
}

const AGENT_AT_MOST = 300;

/** What the browser calls itself, as far as it is fit to be shown; null where it says nothing. */
export function agentOf(header: string | undefined): string | null {
  const text = (header ?? '').replace(/[^\x20-\x7e]/g, '').trim();
  return text === '' ? null : text.slice(0, AGENT_AT_MOST);
}
