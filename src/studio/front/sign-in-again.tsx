import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useSessionState } from '../app/use-session.ts';
import { notifyError } from '../shared/notify.tsx';
import { SignInForm } from './sign-in-form.tsx';
import './front.css';

/** The session ended in the middle of the work, which stays on the screen: sign in, and go on. */
export function SignInAgain() {
  const { session } = useServices();
  const { lost } = useSessionState();
  const [later, setLater] = useState(false);
  // Somebody may sign in in another tab, where the provider's page was opened.
  useEffect(() => {
    const look = (): void => void session.refresh();
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  }, [session]);
  if (lost === null) return null;
  const isGuest = lost.kind !== 'user';
  if (later)
    return (
      <Button className="sign-in-later" size="xs" onClick={() => setLater(false)}>
        Sign in again
      </Button>
    );
  return (
    <Modal
      opened
      onClose={() => setLater(true)}
      title={isGuest ? 'Your link has ended' : 'Sign in to go on'}
      closeButtonProps={{ 'aria-label': 'Later' }}
      closeOnClickOutside={false}
    >
      <Stack>
        <Text size="sm">
          {isGuest
            ? 'It was revoked or has run out. Ask whoever sent it for another, or sign in if you have an account. '
            : `You were signed in as ${lost.name ?? 'somebody'}, and the session has ended. `}
          What you wrote is kept on this device{isGuest ? '.' : ' and goes to the server when you are back.'}
        </Text>
        <SignInForm key={lost.id} name={isGuest ? null : lost.name} beside />
        <Group justify="space-between">
          <Button variant="subtle" size="compact-sm" onClick={() => setLater(true)}>
            Go on without the server
          </Button>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            onClick={() => session.signOut().catch(notifyError)}
          >
            {isGuest ? 'Leave' : 'Somebody else?'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
