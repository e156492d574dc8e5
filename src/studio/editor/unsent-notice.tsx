import { Alert, Button, CopyButton, Group, Text } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import type { Role } from '../../domain/access/roles.ts';
import { CloseCode } from '../../protocol/sync.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import { may } from '../app/use-session.ts';
import { notifyError } from '../shared/notify.tsx';

/** Whether edits were on their way when one's role changed: the server has not taken them, and they are not lost. */
export function isUnsent({ connection }: Room['state']): boolean {
  return connection.kind === 'refused' && connection.code === CloseCode.forbidden;
}

export function UnsentNotice({ room, role }: { readonly room: Room; readonly role: Role | null }) {
  const { documents } = useServices();
  return (
    <Alert
      color="yellow"
      py="xs"
      radius={0}
      role="alert"
      icon={<IconCloudOff aria-hidden />}
      title="Your last changes are only here"
    >
      <Text size="sm">
        Your role does not allow them any more, so the server has not taken them, and you do not see what the
        others do. Copy the text if you need it
        {may(role, 'suggestion.write') ? ', or suggest the change from the text of the others.' : '.'}
      </Text>
      <Group gap="xs" mt="xs">
        <CopyButton value={documents.textOf(room)}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy my text'}
            </Button>
          )}
        </CopyButton>
        <Button size="compact-sm" onClick={() => documents.letGo(room).catch(notifyError)}>
          Show the text of the others
        </Button>
      </Group>
    </Alert>
  );
}
