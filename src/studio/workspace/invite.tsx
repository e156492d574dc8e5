import { useState } from 'react';
import { type Role, roles } from '../../domain/access/roles.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { roleWords } from '../shared/role-words.ts';
import { WEEK } from './lasting.ts';
import { RoleChoice } from './role-choice.tsx';
import { SecretForm } from './secret-form.tsx';
import { useInvitations } from './use-access.ts';

/** Makes a link with which one person becomes a member, and shows it. */
export function Invite(props: { readonly workspace: SessionWorkspace; readonly onClose: () => void }) {
  const { create } = useInvitations(props.workspace.id, false);
  const [role, setRole] = useState<Role>('editor');
  const made =
    create.data === undefined
      ? null
      : {
          title: 'The invitation is ready',
          label: 'Link',
          value: create.data.link,
          about: `Send it to one person: whoever opens it first chooses a name and a password, and is ${roleWords[role].one} from then on.`,
        };
  return (
    <SecretForm
      title={`Invite somebody to ${props.workspace.name}`}
      button="Make the link"
      lasting={{ label: 'The link works for', initial: WEEK, forever: false }}
      ready
      busy={create.isPending}
      onSubmit={(lastingMs) => lastingMs !== null && create.mutate({ role, lastingMs })}
      made={made}
      onClose={props.onClose}
    >
      <RoleChoice label="Role" among={roles} value={role} onChange={setRole} />
    </SecretForm>
  );
}
