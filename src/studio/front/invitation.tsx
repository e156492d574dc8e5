import { Button, Stack, Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Session } from '../../protocol/http/access.ts';
import { comeBackTo } from '../app/return-path.ts';
import { RoutePending } from '../app/route-pending.tsx';
import { useServices } from '../app/services.ts';
import { useSessionState } from '../app/use-session.ts';
import { notifyError } from '../shared/notify.tsx';
import { roleWords } from '../shared/role-words.ts';
import { AccountForm } from './account-form.tsx';
import { AttemptError } from './attempt-error.tsx';
import { Front } from './front.tsx';
import { LinkTrouble } from './link-trouble.tsx';
import { useSecret } from './secret.ts';
import { SignInForm } from './sign-in-form.tsx';
import { useAttempt } from './use-attempt.ts';

/** Where an invitation leads, and the link that a server prints at its first start. */
export function InvitationPage() {
  const { server, session } = useServices();
  const navigate = useNavigate();
  const { session: known, asked } = useSessionState();
  const { secret, keep, forget } = useSecret('anneal.invitation');
  const [hasAccount, setHasAccount] = useState(false);
  const attempt = useAttempt();
  const look = useQuery({
    queryKey: ['invitation', secret],
    queryFn: ({ signal }) => server.access.lookAtInvitation(secret, { signal }),
    enabled: secret !== '',
    retry: false,
    staleTime: 'static', // who signs in here has used it up: asked again it would be worth nothing
    gcTime: 0,
  });
  if (secret === '' || look.error !== null)
    return <LinkTrouble error={look.error} onAgain={() => void look.refetch()} />;
  if (look.data === undefined || !asked) return <RoutePending />;

  const { workspace, role } = look.data;
  const principal = known?.principal ?? null;
  const isClaim = known?.ownerMissing === true && role === 'owner';
  const accept = (account: { readonly name: string; readonly password: string } | null): Promise<Session> =>
    server.access.acceptInvitation(secret, account);
  const enter = (next: Session): void => {
    forget();
    session.take(next);
    void navigate('/', { replace: true });
  };
  const title = isClaim ? 'Make this server yours' : `Join ${workspace.name}`;
  const about = isClaim
    ? 'You become its owner: you invite the others, and say what each of them may do.'
    : `You come in as ${roleWords[role].one}, who may ${roleWords[role].may}.`;

  if (principal?.kind === 'user') {
    return (
      <Front title={title} about={about}>
        <Stack gap="sm">
          <AttemptError attempt={attempt} />
          <Button
            loading={attempt.busy}
            onClick={() => void attempt.run(async () => enter(await accept(null)))}
          >
            {isClaim ? 'Become the owner' : 'Join'} as {principal.name}
          </Button>
          <Button variant="default" onClick={() => session.signOut().catch(notifyError)}>
            Use another account
          </Button>
        </Stack>
      </Front>
    );
  }
  if (hasAccount) {
    return (
      <Front key="sign in" title={title} about={about}>
        <SignInForm
          onLeave={() => {
            keep();
            comeBackTo('/invitation');
          }}
          onSignedIn={async () => {
            const next = await accept(null);
            enter(next);
            return next;
          }}
        />
        <Other onClick={() => setHasAccount(false)}>I have no account yet</Other>
      </Front>
    );
  }
  return (
    <Front title={title} about={about}>
      <AccountForm
        action={isClaim ? 'Create the owner' : 'Create the account'}
        attempt={attempt}
        onAccount={(account) => void attempt.run(async () => enter(await accept(account)))}
      />
      {(!isClaim || known?.signIn.oidc !== null) && (
        <Other onClick={() => setHasAccount(true)}>
          {isClaim ? `Sign in with ${known?.signIn.oidc?.name} instead` : 'I have an account'}
        </Other>
      )}
    </Front>
  );
}

function Other({ onClick, children }: { readonly onClick: () => void; readonly children: string }) {
  return (
    <Text size="sm">
      <UnstyledButton className="text-link" onClick={onClick}>
        {children}
      </UnstyledButton>
    </Text>
  );
}
