import { useQuery } from '@tanstack/react-query';
import type { Role } from '../../domain/access/roles.ts';
import type { Session } from '../../protocol/http/access.ts';
import type { Project } from '../../protocol/http/projects.ts';
import { projectsQuery } from '../shared/projects-query.ts';
import { useProjectDeleted } from './deleted.ts';
import { useServices } from './services.ts';
import { useProjectRoom, useRoomState } from './use-room.ts';
import { may, roleOf, useSession } from './use-session.ts';

/** What one is in a project: as its open document says, live; until it does, as the session had it. Null: not known. */
export function useRole(project: string): Role | null {
  const { server } = useServices();
  const session = useSession();
  const live = useRoomState(useProjectRoom(project).room)?.role ?? null;
  const listed = useQuery({ ...projectsQuery(server), enabled: false }); // what is known already
  return live ?? roleBefore(session, project, listed.data);
}

/** Whether its files may be changed: not those of a deleted project, whatever one's role is. */
export function useMayChange(project: string): boolean {
  const isDeleted = useProjectDeleted(project);
  return may(useRole(project), 'project.change') && !isDeleted;
}

/** What the session says of a project before its document has been opened. */
export function roleBefore(
  session: Session | null,
  project: string,
  projects: readonly Project[] | undefined,
): Role | null {
  if (session === null) return null;
  const found = projects?.find(({ id }) => id === project);
  if (found !== undefined) return roleOf(session, found);
  const { workspaces, guest } = session;
  const [only] = workspaces;
  if (guest !== null) return only === undefined ? guest.role : null;
  return workspaces.length === 1 && only !== undefined ? only.role : null;
}
