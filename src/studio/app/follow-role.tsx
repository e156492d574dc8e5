import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { roleWords } from '../shared/role-words.ts';
import { useServices } from './services.ts';
import { useCurrentProject } from './use-current-project.ts';
import { useProjectRoom, useRoomState } from './use-room.ts';

/** An owner changed what one may do: it is told, and all that depends on it follows. */
export function FollowRole() {
  const project = useCurrentProject();
  return project === null ? null : <FollowRoleIn key={project} project={project} />;
}

function FollowRoleIn({ project }: { readonly project: string }) {
  const { session } = useServices();
  const role = useRoomState(useProjectRoom(project).room)?.role ?? null;
  const before = useRef(role);
  useEffect(() => {
    const earlier = before.current;
    before.current = role;
    if (earlier === null || role === null || earlier === role) return;
    void session.refresh();
    notifications.hide('role');
    notifications.show({
      id: 'role',
      autoClose: 8_000,
      title: `You are ${roleWords[role].one} now`,
      message: `You may ${roleWords[role].may}. Nothing has to be reloaded.`,
    });
  }, [session, role]);
  return null;
}
