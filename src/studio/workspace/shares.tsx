import { Button, Stack, Text } from '@mantine/core';
import { IconLinkPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../app/services.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { projectsQuery } from '../shared/projects-query.ts';
import { roleWords } from '../shared/role-words.ts';
import { AccessList, AccessRow } from './access-list.tsx';
import { confirmRevoking } from './confirm-revoking.tsx';
import { expiryWords } from './lasting.ts';
import { ShareForm } from './share-form.tsx';
import { useShares } from './use-access.ts';

/** Links that let in whoever has them. */
export function Shares({ workspace }: { readonly workspace: SessionWorkspace }) {
  const { server, clock } = useServices();
  const { list, revoke } = useShares(workspace.id);
  const [making, setMaking] = useState(false);
  const all = useQuery(projectsQuery(server));
  const projects = all.data?.filter((project) => project.workspace === workspace.id) ?? [];
  const nameOf = (id: string): string => projects.find((project) => project.id === id)?.name ?? id;
  return (
    <Stack>
      <div className="access-intro">
        <Text size="sm" c="dimmed" component="p" m={0}>
          Whoever has the link is in, without an account, for as long as it works. The secret stands behind
          the # of its address, which browsers send to nobody.
        </Text>
        <Button size="xs" leftSection={<IconLinkPlus size={15} />} onClick={() => setMaking(true)}>
          New link
        </Button>
      </div>
      <AccessList label="Share links" list={list} empty="No links. Nobody comes in without an account.">
        {(share) => (
          <AccessRow
            key={share.id}
            name={share.name}
            about={`${roleWords[share.role].name} in ${
              share.project === null ? 'the whole workspace' : nameOf(share.project)
            }, ${expiryWords(share.expires, clock.now())}`}
          >
            <Button
              size="xs"
              variant="default"
              aria-label={`Revoke ${share.name}`}
              onClick={() =>
                confirmRevoking(share.name, 'Whoever came in through the link is out at once.', () =>
                  revoke.mutate(share.id),
                )
              }
            >
              Revoke
            </Button>
          </AccessRow>
        )}
      </AccessList>
      {making && <ShareForm workspace={workspace} projects={projects} onClose={() => setMaking(false)} />}
    </Stack>
  );
}
