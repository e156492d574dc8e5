import { Button, Center, EmptyState } from '@mantine/core';
import { IconFolderOff } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Role } from '../../domain/access/roles.ts';
import { useBringBack } from '../app/bring-back.ts';
import type { Room } from '../app/use-room.ts';
import { may } from '../app/use-session.ts';
import { CopyKept } from './copy-kept.tsx';

/** Stands where the text would while its whole project is deleted; `rooms` come back with it. */
export function ProjectGone(props: {
  readonly project: string;
  readonly role: Role | null;
  readonly rooms: readonly Room[];
  /** What is here of the text; nothing where it is not here. */
  readonly kept: string;
}) {
  const { project, role, rooms, kept } = props;
  const restore = useBringBack(project, rooms);
  const isMine = may(role, 'project.delete');
  return (
    <Center h="100%" p="md">
      <EmptyState
        icon={<IconFolderOff aria-hidden />}
        title="This project has been deleted"
        description={
          isMine
            ? 'Its texts are kept for now, and come back with it.'
            : 'Its texts are kept for now. An editor or owner of the workspace can bring it back.'
        }
      >
        <EmptyState.Actions>
          {isMine && (
            <Button loading={restore.isPending} onClick={() => restore.mutate()}>
              Bring it back
            </Button>
          )}
          <CopyKept text={kept} />
          <Button component={Link} to="/projects" variant="default">
            All projects
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    </Center>
  );
}
