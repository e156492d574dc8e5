import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../app/services.ts';
import { useSession } from '../app/use-session.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { AccessList, AccessRow } from './access-list.tsx';
import { confirmRevoking } from './confirm-revoking.tsx';
import { KeyForm } from './key-form.tsx';
import { expiryWords } from './lasting.ts';
import { useKeys } from './use-access.ts';

/** Keys for programs: one's own, and for owners everybody's. */
export function Keys({ workspace }: { readonly workspace: SessionWorkspace }) {
  const { server, clock } = useServices();
  const self = useSession()?.principal?.id;
  const { list, revoke } = useKeys(workspace.id);
  const [making, setMaking] = useState(false);
  const members = useQuery({
    queryKey: ['members', workspace.id],
    queryFn: ({ signal }) => server.access.members.list(workspace.id, { signal }),
  });
  const whose = (user: string): string =>
    user === self
      ? 'yours'
      : `of ${members.data?.find((member) => member.user === user)?.name ?? 'somebody'}`;
  return (
    <Stack>
      <div className="access-intro">
        <Text size="sm" c="dimmed" component="p" m={0}>
          For the command line, the SDK, and other Yjs clients. A key works in this workspace alone, does what
          its scopes say, and never more than its owner may.
        </Text>
        <Button size="xs" leftSection={<IconKey size={15} />} onClick={() => setMaking(true)}>
          New key
        </Button>
      </div>
      <AccessList label="API keys" list={list} empty="No keys. Programs cannot get in.">
        {(key) => (
          <AccessRow
            key={key.id}
            name={key.name}
            about={
              <Group gap={6} mt={2}>
                {key.scopes.map((scope) => (
                  <Badge key={scope} size="xs" variant="light" color="gray" tt="none">
                    {scope}
                  </Badge>
                ))}
                <span>
                  {whose(key.user)}, {expiryWords(key.expires, clock.now())}
                </span>
              </Group>
            }
          >
            <Button
              size="xs"
              variant="default"
              aria-label={`Revoke ${key.name}`}
              onClick={() =>
                confirmRevoking(key.name, 'Programs that use the key are refused at once.', () =>
                  revoke.mutate(key.id),
                )
              }
            >
              Revoke
            </Button>
          </AccessRow>
        )}
      </AccessList>
      {making && <KeyForm workspace={workspace} onClose={() => setMaking(false)} />}
    </Stack>
  );
}
