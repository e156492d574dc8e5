import { useSyncExternalStore } from 'react';
import { type Action, can, type Role, stronger } from '../../domain/access/roles.ts';
import type { Session } from '../../protocol/http/access.ts';
import type { Project } from '../../protocol/http/projects.ts';
import { useServices } from './services.ts';
import type { SessionState } from './session.ts';

export function useSessionState(): SessionState {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, session.state);
}

/** Null while the server has never said who this is. */
export function useSession(): Session | null {
  return useSessionState().session;
}

/** The role in a workspace or project as the session has it; null for outsiders, and where it is not known. */
export function roleOf(
  session: Session | null,
  place: { readonly workspace: string } | Pick<Project, 'id' | 'workspace'>,
): Role | null {
  if (session === null) return null;
  const { guest } = session;
  const member = session.workspaces.find(({ id }) => id === place.workspace)?.role ?? null;
  const isGuest =
    guest !== null &&
    guest.workspace === place.workspace &&
    (guest.project === null || ('id' in place && guest.project === place.id));
  return stronger(member, isGuest ? guest.role : null);
}

/** Nothing is forbidden before it is known to be: the server has the last word anyway. */
export function may(role: Role | null, action: Action): boolean {
  return role === null || can(role, action);
}
