import { ActionIcon, Badge, Button, Select, Stack, Text, Title, Tooltip } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconTrash, IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { type Role, roles } from '../../domain/access/roles.ts';
import type { Member } from '../../protocol/http/workspaces.ts';
import { useServices } from '../app/services.ts';
import { useSession } from '../app/use-session.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { roleWords } from '../shared/role-words.ts';
import { AccessList, AccessRow } from './access-list.tsx';
import { Invite } from './invite.tsx';
import { expiryWords } from './lasting.ts';
import { useInvitations, useMembers } from './use-access.ts';

/** Who is in, in which role, and who is invited. Owners change it; open documents follow at once. */
export function Members({ workspace }: { readonly workspace: SessionWorkspace }) {
  const { clock } = useServices();
  const self = useSession()?.principal?.id;
  const mayManage = workspace.role === 'owner';
  const { list, change, remove } = useMembers(workspace.id);
  const invitations = useInvitations(workspace.id, mayManage);
  const [inviting, setInviting] = useState(false);
  const owners = list.data?.filter(({ role }) => role === 'owner').length ?? 0;
  const confirmRemoval = ({ user, name }: Member): void => {
    modals.openConfirmModal({
      title: user === self ? `Leave ${workspace.name}?` : `Remove ${name}?`,
      children: (
        <Text size="sm">
          {user === self ? 'You' : name} will not see the workspace any more, at once. API keys of{' '}
          {user === self ? 'yours' : name} stop working. What was written stays.
        </Text>
      ),
      labels: { confirm: user === self ? 'Leave' : 'Remove', cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(user),
    });
  };
  return (
    <Stack>
      <div className="access-intro">
        <Text size="sm" c="dimmed" component="p" m={0}>
          A role counts in every project of the workspace. A change reaches open documents at once, without a
          reload.
        </Text>
        {mayManage && (
          <Button size="xs" leftSection={<IconUserPlus size={15} />} onClick={() => setInviting(true)}>
            Invite somebody
          </Button>
        )}
      </div>
      <AccessList label="Members" list={list} empty="Nobody yet.">
        {(member) => {
          const isLastOwner = member.role === 'owner' && owners < 2;
          return (
            <AccessRow
              key={member.user}
              name={
                <>
                  {member.name}{' '}
                  {member.user === self && (
                    <Badge size="xs" variant="light" color="gray" tt="none">
                      you
                    </Badge>
                  )}
                </>
              }
              about={`since ${new Date(member.since).toLocaleDateString()}${
                mayManage && isLastOwner ? '; a workspace has at least one owner' : ''
              }`}
            >
              {mayManage && !isLastOwner ? (
                <>
                  <Select
                    size="xs"
                    w={130}
                    aria-label={`Role of ${member.name}`}
                    data={roles.map((role) => ({ value: role, label: roleWords[role].name }))}
                    value={member.role}
                    allowDeselect={false}
                    disabled={change.isPending}
                    onChange={(role) =>
                      role !== null && change.mutate({ user: member.user, role: role as Role })
                    }
                  />
                  <Tooltip label={member.user === self ? 'Leave the workspace' : 'Remove from the workspace'}>
                    <ActionIcon aria-label={`Remove ${member.name}`} onClick={() => confirmRemoval(member)}>
                      <IconTrash size={16} stroke={1.6} />
                    </ActionIcon>
                  </Tooltip>
                </>
              ) : (
                <Text size="sm">{roleWords[member.role].name}</Text>
              )}
            </AccessRow>
          );
        }}
      </AccessList>
      {mayManage && (invitations.list.data?.length ?? 0) > 0 && (
        <>
          <Title order={3} fz="sm" mt="sm">
            Invited, not here yet
          </Title>
          <AccessList label="Invitations" list={invitations.list} empty="">
            {({ id, role, created, expires }) => (
              <AccessRow
                key={id}
                name={`As ${roleWords[role].one}`}
                about={`made ${new Date(created).toLocaleString()}, ${expiryWords(expires, clock.now())}`}
              >
                <Button
                  size="xs"
                  variant="default"
                  aria-label={`Revoke the invitation as ${roleWords[role].one}`}
                  onClick={() => invitations.revoke.mutate(id)}
                >
                  Revoke
                </Button>
              </AccessRow>
            )}
          </AccessList>
        </>
      )}
      {inviting && <Invite workspace={workspace} onClose={() => setInviting(false)} />}
    </Stack>
  );
}
