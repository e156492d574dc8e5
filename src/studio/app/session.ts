import { type Session, sessionSchema } from '../../protocol/http/access.ts';
import { TICKET_SUBPROTOCOL_PREFIX } from '../../protocol/sync.ts';
import type { AccessClient } from '../../sdk/access.ts';

type Principal = NonNullable<Session['principal']>;

export interface SessionState {
  /** What the server said last, in this visit or an earlier one; null while it never did. */
  readonly session: Session | null;
  /** The server has answered in this visit, or cannot be reached. */
  readonly asked: boolean;
  /** Who was signed in and is not any more, without having asked for it: his work is still on the screen. */
  readonly lost: Principal | null;
}

/** Who is at this browser, as far as the server knows. */
export interface SessionMonitor {
  state(): SessionState;
  subscribe(listener: () => void): () => void;
  /** Asks the server. Where it cannot be reached what it said last goes on to hold; never rejects. */
  refresh(): Promise<void>;
  /** Takes what the server answered to signing in, or to opening a link. */
  take(session: Session): void;
  /** Ends the session; errors are those of the client. */
  signOut(): Promise<void>;
  /** The subprotocols that open one socket; none where nobody signs in. */
  tickets(project: string, path: string): Promise<readonly string[]>;
}

const KEY = 'anneal.session';

/** Who it was is remembered (who, not what proves it), so that the page opens without a network too. */
export function createSessionMonitor(
  access: Pick<AccessClient, 'session' | 'signOut' | 'ticket'>,
  storage: Storage,
): SessionMonitor {
  const listeners = new Set<() => void>();
  let state: SessionState = { session: read(storage), asked: false, lost: null };
  let asking: Promise<void> | null = null;
  /** Counts what was said by signing in or out: an older question has no say after it. */
  let turn = 0;

  const say = (change: Partial<SessionState>): void => {
    const next = { ...state, ...change };
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    for (const listener of listeners) listener();
  };
  const remember = (session: Session): void => {
    try {
      storage.setItem(KEY, JSON.stringify(session));
    } catch {
      // Full or blocked: the next visit asks before it shows something.
    }
  };
  const take = (session: Session): void => {
    turn += 1;
    remember(session);
    say({ session, asked: true, lost: null });
  };
  const ask = async (): Promise<void> => {
    const began = turn;
    try {
      const session = await access.session();
      if (began !== turn) return;
      const before = state.lost ?? state.session?.principal ?? null;
      const isLost = session.auth === 'on' && session.principal === null && before !== null;
      if (isLost && before.kind !== 'local') return say({ asked: true, lost: before });
      remember(session);
      say({ session, asked: true, lost: null });
    } catch {
      say({ asked: true });
    }
  };
  const refresh = (): Promise<void> => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
  // Signing in or out in one tab is for all of them.
  globalThis.addEventListener?.('storage', (event) => {
    const session = event.key === KEY ? read(storage) : null;
    if (session === null || JSON.stringify(session) === JSON.stringify(state.session)) return;
    turn += 1;
    say({ session, asked: true, lost: null });
  });

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    take,
    async signOut() {
      take(await access.signOut());
    },
    async tickets(project, path) {
      if (state.session === null) await refresh();
      if (state.session?.auth !== 'on') return [];
      return [`${TICKET_SUBPROTOCOL_PREFIX}${await access.ticket(project, path)}`];
    },
  };
}

/** Calls back when a request is refused because nobody is signed in. */
export function watchSignedOut(send: typeof fetch, onSignedOut: () => void): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init);
    // Signing in answers so too, where name and password do not fit.
    if (response.status === 401 && !/\/session(\/|$)/.test(new URL(response.url).pathname)) onSignedOut();
    return response;
  };
}

function read(storage: Storage): Session | null {
  try {
    const parsed = sessionSchema.safeParse(JSON.parse(storage.getItem(KEY) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
