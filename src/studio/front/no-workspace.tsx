import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useServices } from '../app/services.ts';
import { useSession } from '../app/use-session.ts';
import { notifyError } from '../shared/notify.tsx';
import { AttemptError } from './attempt-error.tsx';
import { Front } from './front.tsx';
import { useAttempt } from './use-attempt.ts';

/** Somebody who is signed in and nowhere a member: removed, or here for the first time. */
export function NoWorkspace() {
  const { server, session } = useServices();
  const name = useSession()?.principal?.name;
  const attempt = useAttempt();
  const [title, setTitle] = useState('');
  const create = (): Promise<boolean> =>
    attempt.run(async () => {
      await server.access.workspaces.create(title.trim());
      await session.refresh();
    });
  return (
    <Front
      title={`Hello ${name ?? ''}`.trim()}
      about="You are signed in, and a member of no workspace. Ask somebody for an invitation, or begin one of your own, where this server lets newcomers do that."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (title.trim() !== '' && !attempt.busy) void create();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="A workspace of your own"
            placeholder="Its name"
            maxLength={120}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <AttemptError attempt={attempt} />
          <Button type="submit" loading={attempt.busy} disabled={title.trim() === ''}>
            Create it
          </Button>
        </Stack>
      </form>
      <Text size="sm" c="dimmed">
        Invited meanwhile? Open the link that you got.
      </Text>
      <Button variant="default" onClick={() => session.signOut().catch(notifyError)}>
        Sign out
      </Button>
    </Front>
  );
}
