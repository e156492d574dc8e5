import { Button, Center, EmptyState } from '@mantine/core';
import { IconFolderOff } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Role } from '../../domain/access/roles.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import { may } from '../app/use-session.ts';
import { notifyError } from '../shared/notify.tsx';
import { PROJECTS } from '../shared/projects-query.ts';

/** Stands where the text would while its whole project is deleted; `rooms` come back with it. */
export function ProjectGone(props: {
  readonly project: string;
  readonly role: Role | null;
  readonly rooms: readonly Room[];
}) {
  const { project, role, rooms } = props;
  const { server } = useServices();
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: () => server.projects.restore(project),
    onSuccess: async () => {
      for (const room of rooms) room.retry();
      await queries.invalidateQueries({ queryKey: [PROJECTS] });
    },
    onError: notifyError,
  });
  const isMine = may(role, 'project.delete');
  return (
    <Center h="100%" p="md">
      <EmptyState
        icon={<IconFolderOff aria-hidden />}
        title="This project has been deleted"
        description="Its texts are kept for now, and come back with it."
      >
        <EmptyState.Actions>
          {isMine && (
            <Button loading={restore.isPending} onClick={() => restore.mutate()}>
              Bring it back
            </Button>
          )}
          <Button component={Link} to="/projects" variant="default">
            All projects
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    </Center>
  );
}
