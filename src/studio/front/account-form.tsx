import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { MIN_PASSWORD } from '../../protocol/http/access.ts';
import { tooShort } from '../shared/password-words.ts';
import { AttemptError } from './attempt-error.tsx';
import type { Attempt } from './use-attempt.ts';

/** A name and a password that somebody chooses for himself. */
export function AccountForm(props: {
  readonly action: string;
  readonly attempt: Attempt;
  readonly onAccount: (account: { readonly name: string; readonly password: string }) => void;
}) {
  const { attempt } = props;
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const isShort = password.length < MIN_PASSWORD;
  const differs = again !== '' && again !== password;
  const ready = name.trim() !== '' && !isShort && again === password;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !attempt.busy && attempt.wait === 0) props.onAccount({ name: name.trim(), password });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Your name"
          description="You sign in with it, and the others see it."
          name="username"
          autoComplete="username"
          spellCheck={false}
          maxLength={64}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          description={`At least ${MIN_PASSWORD} characters; a few words that only you put together do well.`}
          name="new-password"
          autoComplete="new-password"
          maxLength={256}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={tooShort(password)}
        />
        <PasswordInput
          label="Password, once more"
          autoComplete="new-password"
          maxLength={256}
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={differs && again.length >= password.length ? 'The two differ' : null}
        />
        <AttemptError attempt={attempt} />
        <Button type="submit" mt={4} loading={attempt.busy} disabled={!ready || attempt.wait > 0}>
          {attempt.wait > 0 ? `Wait ${attempt.wait} s` : props.action}
        </Button>
      </Stack>
    </form>
  );
}
