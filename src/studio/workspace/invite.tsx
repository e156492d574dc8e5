import { Button, Group, Modal, Select, Stack } from '@mantine/core';
import { useState } from 'react';
import { type Role, roles } from '../../domain/access/roles.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { roleWords } from '../shared/role-words.ts';
import { lastingChoices, lastingOf, WEEK } from './lasting.ts';
import { Once } from './once.tsx';
import { RoleChoice } from './role-choice.tsx';
import { useInvitations } from './use-access.ts';

/** Makes a link with which one person becomes a member, and shows it. */
export function Invite(props: { readonly workspace: SessionWorkspace; readonly onClose: () => void }) {
  const { create } = useInvitations(props.workspace.id, false);
  const [role, setRole] = useState<Role>('editor');
  const [lasting, setLasting] = useState(WEEK);
  if (create.data !== undefined) {
    return (
      <Once
        title="The invitation is ready"
        label="Link"
        value={create.data.link}
        about={`Send it to one person: whoever opens it first chooses a name and a password, and is ${roleWords[role].one} from then on.`}
        onClose={props.onClose}
      />
    );
  }
  return (
    <Modal opened onClose={props.onClose} title={`Invite somebody to ${props.workspace.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const lastingMs = lastingOf(lasting);
          if (!create.isPending && lastingMs !== null) create.mutate({ role, lastingMs });
        }}
      >
        <Stack>
          <RoleChoice label="Role" among={roles} value={role} onChange={setRole} />
          <Select
            label="The link works for"
            data={lastingChoices.filter(({ value }) => value !== 'never')}
            value={lasting}
            allowDeselect={false}
            onChange={(value) => value !== null && setLasting(value)}
          />
          <Group justify="end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
