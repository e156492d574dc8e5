import { Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import type { Session } from '../../protocol/http/access.ts';
import { useServices } from '../app/services.ts';
import { useSession } from '../app/use-session.ts';
import { AttemptError } from './attempt-error.tsx';
import { useAttempt } from './use-attempt.ts';

/** Name and password, and the identity provider where there is one. */
export function SignInForm(props: {
  /** Who it must be, where somebody goes on with his work. */
  readonly name?: string | null;
  /** The page stays as it is, and the provider's opens beside it. */
  readonly beside?: boolean;
  /** Called before the page is left for the provider's. */
  readonly onLeave?: () => void;
  /** What follows from it at once; the session as it is after that. */
  readonly onSignedIn?: () => Promise<Session>;
}) {
  const { server, session } = useServices();
  const { oidc } = useSession()?.signIn ?? { oidc: null };
  const fixed = props.name ?? null;
  const [name, setName] = useState(fixed ?? '');
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const attempt = useAttempt();
  const submit = async (): Promise<void> => {
    const done = await attempt.run(async () => {
      session.take(await server.access.signIn(name.trim(), password));
      if (props.onSignedIn !== undefined) session.take(await props.onSignedIn());
    });
    if (done) return;
    setPassword('');
    field.current?.focus();
  };
  return (
    <Stack>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!attempt.busy) void submit();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={256}
            data-autofocus={fixed === null || undefined}
            readOnly={fixed !== null}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <PasswordInput
            ref={field}
            label="Password"
            name="password"
            autoComplete="current-password"
            maxLength={256}
            data-autofocus={fixed !== null || undefined}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <AttemptError attempt={attempt} />
          <Button
            type="submit"
            mt={4}
            loading={attempt.busy}
            disabled={name.trim() === '' || password === '' || attempt.wait > 0}
          >
            {attempt.wait > 0 ? `Wait ${attempt.wait} s` : 'Sign in'}
          </Button>
        </Stack>
      </form>
      {oidc !== null && (
        <>
          <Divider label="or" />
          <Button
            component="a"
            href={oidc.path}
            className="sign-in-with"
            variant="default"
            {...(props.beside === true ? { target: '_blank', rel: 'noopener' } : {})}
            onClick={props.onLeave}
          >
            Sign in with {oidc.name}
          </Button>
        </>
      )}
    </Stack>
  );
}
