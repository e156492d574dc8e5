import { Alert, Anchor, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { AnnealError } from '../base/error.ts';

/** What went wrong, where, and what to do: the same three parts wherever an error is shown. */
export function ErrorNotice({ error, children }: { readonly error: unknown; readonly children?: ReactNode }) {
  const known = error instanceof AnnealError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={message}
      role="alert"
      styles={{ title: { overflowWrap: 'anywhere' } }}
    >
      {known?.where !== undefined && <Text size="sm">Where: {known.where}</Text>}
      <Text size="sm">{known?.fix ?? 'Reload the page; what you wrote is kept.'}</Text>
      <Group mt="xs" gap="sm">
        {known !== null && (
          <Text size="xs" c="dimmed" ff="monospace">
            {known.code}
          </Text>
        )}
        {children ?? (
          <Anchor size="sm" component="button" type="button" onClick={() => window.location.reload()}>
            Reload
          </Anchor>
        )}
      </Group>
    </Alert>
  );
}
