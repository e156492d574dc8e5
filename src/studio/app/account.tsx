import { Menu, Text, TextInput } from '@mantine/core';
import { IconCheck, IconDoorExit, IconLogin, IconPencil, IconSettings } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { notifyError } from '../shared/notify.tsx';
import { roleWords } from '../shared/role-words.ts';
import { useServices } from './services.ts';
import { useSession } from './use-session.ts';
import { useWorkspaces } from './use-workspace.ts';

export const OFF_WORDS =
  "Everybody who reaches this computer's loopback address works here without signing in.";

/** Who one is: with sign-in the name that one has, without it the one that one gives oneself. */
export function AccountHead() {
  const { profile } = useServices();
  const session = useSession();
  const { current } = useWorkspaces();
  const { name } = profile.current();
  if (!profile.isGiven()) return <NameField name={name} onRename={(next) => profile.rename(next)} />;
  const guest = session?.guest ?? null;
  const where =
    current !== null
      ? `${roleWords[current.role].name} in ${current.name}`
      : guest === null
        ? ''
        : `${roleWords[guest.role].name} in ${guest.workspaceName}, through a link`;
  return (
    <div style={{ padding: '8px 12px' }}>
      <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {name}
      </Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {where}
      </Text>
    </div>
  );
}

/** The lower part of the menu of one's own face. */
export function AccountItems() {
  const { session: monitor } = useServices();
  const session = useSession();
  const navigate = useNavigate();
  const { all, current, choose } = useWorkspaces();
  const kind = session?.principal?.kind;
  return (
    <>
      {all.length > 1 && (
        <>
          <Menu.Divider />
          <Menu.Label>Workspace</Menu.Label>
          {all.map(({ id, name }) => (
            <Menu.Item
              key={id}
              rightSection={id === current?.id ? <IconCheck size={14} aria-label="chosen" /> : null}
              onClick={() => {
                choose(id);
                void navigate('/projects');
              }}
            >
              {name}
            </Menu.Item>
          ))}
        </>
      )}
      <Menu.Divider />
      {current !== null && kind !== 'share' && (
        <Menu.Item
          component={Link}
          to={`/settings/${current.id}`}
          leftSection={<IconSettings size={16} stroke={1.6} />}
        >
          Workspace settings
        </Menu.Item>
      )}
      {session?.auth === 'off' && (
        <Text size="xs" c="dimmed" px="sm" py={6}>
          Sign-in is off. {OFF_WORDS}
        </Text>
      )}
      {kind === 'share' && (
        <Menu.Item
          leftSection={<IconLogin size={16} stroke={1.6} />}
          onClick={() => monitor.signOut().catch(notifyError)}
        >
          Leave, or sign in
        </Menu.Item>
      )}
      {kind === 'user' && (
        <Menu.Item
          leftSection={<IconDoorExit size={16} stroke={1.6} />}
          onClick={() => monitor.signOut().catch(notifyError)}
        >
          Sign out
        </Menu.Item>
      )}
    </>
  );
}

function NameField({ name, onRename }: { readonly name: string; readonly onRename: (name: string) => void }) {
  const [value, setValue] = useState(name);
  const commit = (): void => {
    if (value.trim() === '') setValue(name);
    else onRename(value);
  };
  return (
    <TextInput
      m="xs"
      size="xs"
      label="Your name, as others see it"
      value={value}
      maxLength={64}
      rightSection={<IconPencil size={14} aria-hidden />}
      onChange={(event) => setValue(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        event.stopPropagation(); // the menu would take letters for its items
        if (event.key === 'Enter') commit();
      }}
    />
  );
}
