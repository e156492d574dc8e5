import { Button, Center, EmptyState, Loader } from '@mantine/core';
import { IconCloudOff, IconFileOff, IconFileUnknown } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Role } from '../../domain/access/roles.ts';
import { CloseCode } from '../../protocol/sync.ts';
import { isDeleted } from '../app/deleted.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import { CopyKept } from './copy-kept.tsx';
import { ProjectGone } from './project-gone.tsx';

/** Stands where the text would, while there is none to show; null when there is. */
export function RoomNotice(props: {
  readonly room: Room | null;
  readonly state: Room['state'] | null;
  readonly path: string;
  readonly projectRoom: Room | null;
  readonly projectState: Room['state'] | null;
  readonly role: Role | null;
  /** False: a deleted file is only said to be deleted. */
  readonly mayChange: boolean;
  readonly onRestore: () => void;
}) {
  const { room, state, path, projectRoom, projectState, role } = props;
  const { documents } = useServices();
  if (projectRoom !== null && isDeleted(projectState)) {
    const rooms = room === null ? [projectRoom] : [projectRoom, room];
    const kept = room === null ? '' : documents.textOf(room);
    return <ProjectGone project={projectRoom.project} role={role} rooms={rooms} kept={kept} />;
  }
  if (room === null || state === null) return <Waiting what="Opening the text" />;
  const { connection } = state;
  if (connection.kind === 'refused' && connection.code === CloseCode.projectNotFound) {
    const kept = documents.textOf(room);
    return (
      <Center h="100%" p="md">
        <EmptyState
          icon={<IconFileUnknown aria-hidden />}
          title="There is no such project or file"
          description={`The server knows nothing under ${room.project} / ${path}. It may have been deleted for good, or you may not see it any more.`}
        >
          <EmptyState.Actions>
            <Button component={Link} to="/projects">
              All projects
            </Button>
            <CopyKept text={kept} />
          </EmptyState.Actions>
        </EmptyState>
      </Center>
    );
  }
  if (isDeleted(state)) {
    return (
      <Center h="100%" p="md">
        <EmptyState
          icon={<IconFileOff aria-hidden />}
          title={`${path} has been deleted`}
          description="Its text is kept for now."
        >
          <EmptyState.Actions>
            {props.mayChange && <Button onClick={props.onRestore}>Restore it</Button>}
          </EmptyState.Actions>
        </EmptyState>
      </Center>
    );
  }
  if (state.ready) return null;
  if (connection.kind === 'offline' || connection.kind === 'refused') {
    return (
      <Center h="100%" p="md">
        <EmptyState
          icon={<IconCloudOff aria-hidden />}
          title="This text is not on this machine yet"
          description={
            connection.kind === 'refused'
              ? connection.reason
              : 'The server cannot be reached. It opens by itself as soon as it can be.'
          }
        >
          <EmptyState.Actions>
            <Button variant="default" onClick={() => room.retry()}>
              Try now
            </Button>
          </EmptyState.Actions>
        </EmptyState>
      </Center>
    );
  }
  return <Waiting what="Waiting for the server" />;
}

/** The server has no such document any more. */
export function isGone(state: Room['state']): boolean {
  const { connection } = state;
  return isDeleted(state) || (connection.kind === 'refused' && connection.code === CloseCode.projectNotFound);
}

function Waiting({ what }: { readonly what: string }) {
  return (
    <Center h="100%" role="status" aria-label={what}>
      <Loader size="sm" aria-hidden />
    </Center>
  );
}
