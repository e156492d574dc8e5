import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Project } from '../../protocol/http/projects.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { MONTH } from './lasting.ts';
import { RoleChoice } from './role-choice.tsx';
import { SecretForm } from './secret-form.tsx';
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
  const made =
    create.data === undefined
      ? null
      : {
          title: 'The link is ready',
          label: 'Link',
          value: create.data.link,
          about:
            'Whoever opens it is in, and so is everybody he passes it on to. Revoke it when it has done its work.',
        };
  return (
    <SecretForm
      title="New share link"
      button="Make the link"
      lasting={{ label: 'Works for', initial: MONTH, forever: true }}
      ready={name.trim() !== ''}
      busy={create.isPending}
      onSubmit={(lastingMs) =>
        create.mutate({ name: name.trim(), role, project: project === WHOLE ? null : project, lastingMs })
      }
      made={made}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="The others see whoever comes through it under this name."
        maxLength={64}
        data-autofocus
        onFocus={(event) => event.currentTarget.select()}
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
    </SecretForm>
  );
}
