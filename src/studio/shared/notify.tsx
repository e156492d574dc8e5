import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { AnnealError } from '../../base/error.ts';

/** What went wrong with something that was asked for, where it does not stop the screen. */
export function notifyError(error: unknown): void {
  const known = error instanceof AnnealError ? error : null;
  notifications.show({
    color: 'red',
    autoClose: 12_000,
    title: error instanceof Error ? error.message : String(error),
    message: known === null ? 'Try again; nothing was changed.' : `${known.fix} (${known.code})`,
  });
}

/** What was done, with the way back. */
export function notifyUndo(title: string, undo: () => Promise<unknown>): void {
  const id = notifications.show({
    autoClose: 10_000,
    title,
    message: (
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          This can be undone.
        </Text>
        <Button
          size="compact-xs"
          variant="light"
          onClick={() => {
            notifications.hide(id);
            undo().catch(notifyError);
          }}
        >
          Undo
        </Button>
      </Group>
    ),
  });
}

/** Says what is going on for as long as it does, once it takes longer than a glance. */
export async function whileShown<T>(title: string, work: Promise<T>): Promise<T> {
  let id: string | null = null;
  const timer = setTimeout(() => {
    id = notifications.show({
      loading: true,
      title,
      message: null,
      autoClose: false,
      withCloseButton: false,
    });
  }, 400);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (id !== null) notifications.hide(id);
  }
}
