import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle, IconClock } from '@tabler/icons-react';
import { AnnealError } from '../../base/error.ts';
import { formatSeconds } from '../../ui/format.ts';
import { type Attempt, is } from './use-attempt.ts';

/** Why it did not work, in one place above the button that tries again. */
export function AttemptError({ attempt: { error, wait } }: { readonly attempt: Attempt }) {
  if (error === null) return null;
  if (is(error, 'tooManyAttempts') && wait > 0) {
    return (
      <Alert color="yellow" role="alert" icon={<IconClock aria-hidden />} title="Too many attempts">
        <Text size="sm">
          So that nobody guesses passwords, the server makes everybody wait. You can try again in{' '}
          {wait < 10 ? `${wait} s` : formatSeconds(wait)}.
        </Text>
      </Alert>
    );
  }
  const fix = error instanceof AnnealError ? error.fix : 'Try again.';
  return (
    <Alert
      color="red"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title={error instanceof Error ? error.message : String(error)}
    >
      <Text size="sm">{is(error, 'unreachable') ? 'Your connection or the server is away.' : fix}</Text>
    </Alert>
  );
}
