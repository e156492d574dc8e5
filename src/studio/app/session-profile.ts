import type { Owner } from '../../services/artifacts/by-person.ts';
import type { Profile, ProfileStore } from './profile.ts';
import type { SessionMonitor } from './session.ts';

/**
 * Where people sign in they are who they signed in as, the same person in each of their browsers. The others see
 * it so from the server anyway; here it is for what shows oneself.
 */
export function sessionProfile(said: ProfileStore, session: SessionMonitor): ProfileStore {
  let given: Profile | null = null;
  const read = (): Profile | null => {
    const principal = session.state().session?.principal ?? null;
    if (principal === null || principal.name === null) return null;
    const { id, name } = principal;
    if (given?.id !== id || given.name !== name) given = { id, name };
    return given;
  };
  return {
    current: () => read() ?? said.current(),
    keeper: () => ownerIn(session) ?? said.keeper(),
    isGiven: () => read() !== null,
    rename(name) {
      if (read() === null) said.rename(name);
    },
    subscribe(listener) {
      const ends = [said.subscribe(listener), session.subscribe(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

/** Whose what is kept on this machine is; null where nobody signs in. */
export function sessionOwner(session: SessionMonitor): Owner {
  return {
    current: () => ownerIn(session),
    subscribe: session.subscribe,
    confirm: session.refresh,
  };
}

function ownerIn(session: SessionMonitor): string | null {
  const principal = session.state().session?.principal ?? null;
  if (principal === null || principal.name === null) return null;
  // Whoever opens a link again has another session, and goes on with what he wrote: the link is who he is here.
  return principal.kind === 'share' ? (principal.id.split('.')[0] ?? principal.id) : principal.id;
}
