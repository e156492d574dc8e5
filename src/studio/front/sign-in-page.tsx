import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle, IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { comeBackTo } from '../app/return-path.ts';
import { useSession } from '../app/use-session.ts';
import { Front } from './front.tsx';
import { SignInForm } from './sign-in-form.tsx';

/** Stands where any screen would, at its address, until somebody has signed in. */
export function SignInPage() {
  const session = useSession();
  const [failed] = useState(() => window.location.hash === '#sign-in-failed');
  if (session?.ownerMissing === true) return <NobodyYet />;
  return (
    <Front title="Sign in">
      {failed && (
        <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />} title="That did not work">
          <Text size="sm">
            {session?.signIn.oidc?.name ?? 'The identity provider'} did not say who you are, or the server
            could not check it. Try again; the server has written down what went wrong.
          </Text>
        </Alert>
      )}
      <SignInForm onLeave={() => comeBackTo(window.location.pathname + window.location.search)} />
      <Text size="xs" c="dimmed">
        No account, or the password is lost? Whoever owns the workspace can invite you with a link.
      </Text>
    </Front>
  );
}

function NobodyYet() {
  return (
    <Front
      title="This server has no owner yet"
      about="At its start it printed a link that creates the owner. Open that link: it works once."
    >
      <Alert color="gray" icon={<IconKey aria-hidden />}>
        <Text size="sm">
          Look at the terminal or the log of the server for “This link creates the owner”. Each start prints a
          new one, and the one before stops working.
        </Text>
      </Alert>
    </Front>
  );
}
