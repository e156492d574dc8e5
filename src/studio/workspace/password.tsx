import { Alert, Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { AnnealError } from '../../base/error.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import { MIN_PASSWORD } from '../../protocol/http/access.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { tooShort } from '../shared/password-words.ts';
import { usePassword } from './use-access.ts';

/** Another password; whoever else is signed in with the old one is signed out. */
export function Password() {
  const change = usePassword();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [outcome, setOutcome] = useState<'done' | { readonly error: unknown } | null>(null);
  const [busy, setBusy] = useState(false);
  const isShort = next.length < MIN_PASSWORD;
  const currentField = useRef<HTMLInputElement>(null);
  const failure = outcome === null || outcome === 'done' ? null : outcome.error;
  const isWrong = failure instanceof AnnealError && failure.code === protocolErrors.wrongCredentials.code;
  const submit = async (): Promise<void> => {
    setBusy(true);
    setOutcome(null);
    try {
      await change(current, next);
      setCurrent('');
      setNext('');
      setOutcome('done');
    } catch (error) {
      setOutcome({ error });
      currentField.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy && !isShort && current !== '') void submit();
      }}
    >
      <Stack maw={400}>
        <div>
          <Title order={3} fz="sm">
            Change your password
          </Title>
          <Text size="sm" c="dimmed" mt={4}>
            You stay signed in here, and are signed out everywhere else.
          </Text>
        </div>
        <PasswordInput
          ref={currentField}
          label="Password now"
          autoComplete="current-password"
          maxLength={256}
          value={current}
          error={isWrong ? 'This is not your password. Nothing was changed.' : null}
          onChange={(event) => {
            setCurrent(event.currentTarget.value);
            if (isWrong) setOutcome(null);
          }}
        />
        <PasswordInput
          label="New password"
          description={`At least ${MIN_PASSWORD} characters.`}
          autoComplete="new-password"
          maxLength={256}
          value={next}
          error={tooShort(next)}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        {outcome === 'done' && (
          <Alert color="green" py="xs" role="status" icon={<IconCheck aria-hidden />}>
            <Text size="sm">The new password is set.</Text>
          </Alert>
        )}
        {failure !== null && !isWrong && (
          <ErrorNotice error={failure}>
            <Text size="sm">Nothing was changed.</Text>
          </ErrorNotice>
        )}
        <Button
          type="submit"
          loading={busy}
          disabled={isShort || current === ''}
          style={{ alignSelf: 'start' }}
        >
          Change it
        </Button>
      </Stack>
    </form>
  );
}
