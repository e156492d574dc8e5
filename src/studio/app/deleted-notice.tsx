import { Alert, Button, Group, Text } from '@mantine/core';
import { IconFolderOff } from '@tabler/icons-react';
import { useLocation } from 'react-router';
import { useBringBack, useOpenedAgain } from './bring-back.ts';
import { isDeleted } from './deleted.ts';
import { sectionOf } from './sections.ts';
import { useCurrentProject } from './use-current-project.ts';
import { useRole } from './use-role.ts';
import { type Room, useProjectRoom, useRoomState } from './use-room.ts';
import { may } from './use-session.ts';

/** Over the screens of a deleted project, whose controls that would change it are away. The editor says it itself. */
export function DeletedNotice() {
  const project = useCurrentProject();
  return project === null ? null : <NoticeOf key={project} project={project} />;
}

function NoticeOf({ project }: { readonly project: string }) {
  const { room } = useProjectRoom(project);
  const state = useRoomState(room);
  const section = sectionOf(useLocation().pathname);
  useOpenedAgain(room);
  if (room === null || !isDeleted(state) || section === null || section === 'editor') return null;
  return <Notice project={project} room={room} />;
}

function Notice({ project, room }: { readonly project: string; readonly room: Room }) {
  const isMine = may(useRole(project), 'project.delete');
  const restore = useBringBack(project, [room]);
  return (
    <Alert color="gray" py={6} radius={0} role="status" icon={<IconFolderOff size={16} aria-hidden />}>
      <Group gap="xs" justify="space-between">
        <Text size="sm">
          This project has been deleted. It can be looked at{isMine ? ' and brought back' : ''}.
        </Text>
        {isMine && (
          <Button size="compact-xs" loading={restore.isPending} onClick={() => restore.mutate()}>
            Bring it back
          </Button>
        )}
      </Group>
    </Alert>
  );
}
