import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Project } from '../../protocol/http/projects.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { lastingChoices, lastingOf, MONTH } from './lasting.ts';
import { Once } from './once.tsx';
import { RoleChoice } from './role-choice.tsx';
import { useShares } from './use-access.ts';

/** A link gives no more than editing: owners are people. */
const GUESTS = ['editor', 'commenter', 'viewer'] as const;
/** No project has this id: ids have no star. */
const WHOLE = '*';

export function ShareForm(props: {
  readonly workspace: SessionWorkspace;
  readonly projects: readonly Project[];
  readonly onClose: () => void;
}) {
  const { workspace, projects, onClose } = props;
  const { create } = useShares(workspace.id);
  const [name, setName] = useState('Guest');
  const [role, setRole] = useState<(typeof GUESTS)[number]>('viewer');
  const [project, setProject] = useState(projects[0]?.id ?? WHOLE);
  const [lasting, setLasting] = useState(MONTH);
  if (create.data !== undefined) {
    return (
      <Once
        title="The link is ready"
        label="Link"
        value={create.data.link}
        about="Whoever opens it is in, and so is everybody he passes it on to. Revoke it when it has done its work."
        onClose={onClose}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} title="New share link">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (create.isPending || name.trim() === '') return;
          create.mutate({
            name: name.trim(),
            role,
            project: project === WHOLE ? null : project,
            lastingMs: lastingOf(lasting),
          });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="The others see whoever comes through it under this name."
            maxLength={64}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Leads to"
            data={[
              ...projects.map(({ id, name: label }) => ({ value: id, label })),
              { value: WHOLE, label: 'The whole workspace' },
            ]}
            value={project}
            allowDeselect={false}
            onChange={(value) => value !== null && setProject(value)}
          />
          <RoleChoice label="Role" among={GUESTS} value={role} onChange={setRole} />
          <Select
            label="Works for"
            data={[...lastingChoices]}
            value={lasting}
            allowDeselect={false}
            onChange={(value) => value !== null && setLasting(value)}
          />
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
