import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useServices } from '../app/services.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { notifyError } from '../shared/notify.tsx';
import { Storage } from './storage.tsx';

/** The workspace's name and room, and another workspace beside it. */
export function General(props: { readonly workspace: SessionWorkspace; readonly mayCreate: boolean }) {
  const { workspace } = props;
  const { server, session } = useServices();
  const navigate = useNavigate();
  const [name, setName] = useState(workspace.name);
  const [other, setOther] = useState('');
  const [busy, setBusy] = useState(false);
  const mayManage = workspace.role === 'owner';
  const work = async (does: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    await does().catch(notifyError);
    setBusy(false);
  };
  const rename = (): Promise<void> =>
    work(async () => {
      await server.access.workspaces.rename(workspace.id, name.trim());
      await session.refresh();
    });
  const create = (): Promise<void> =>
    work(async () => {
      const made = await server.access.workspaces.create(other.trim());
      await session.refresh();
      setOther('');
      void navigate(`/settings/${made.id}`);
    });
  return (
    <Stack gap="xl" maw={480}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && name.trim() !== '') void rename();
        }}
      >
        {mayManage ? (
          <Group align="end" gap="xs">
            <TextInput
              flex={1}
              label="Name of the workspace"
              maxLength={120}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button
              type="submit"
              variant="default"
              loading={busy}
              disabled={name.trim() === '' || name.trim() === workspace.name}
            >
              Rename
            </Button>
          </Group>
        ) : (
          <Title order={3} fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {workspace.name}
          </Title>
        )}
        <Text size="xs" c="dimmed" mt={6}>
          Programs know it as {workspace.id}, whatever its name.
        </Text>
      </form>
      <Storage workspace={workspace} />
      {props.mayCreate && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy && other.trim() !== '') void create();
          }}
        >
          <Title order={3} fz="sm">
            Another workspace
          </Title>
          <Text size="sm" c="dimmed" mt={4} mb="xs">
            With projects, members and keys of its own. Workspaces cannot see one another.
          </Text>
          <Group align="end" gap="xs">
            <TextInput
              flex={1}
              aria-label="Name of the new workspace"
              placeholder="Its name"
              maxLength={120}
              value={other}
              onChange={(event) => setOther(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" loading={busy} disabled={other.trim() === ''}>
              Create it
            </Button>
          </Group>
        </form>
      )}
    </Stack>
  );
}
