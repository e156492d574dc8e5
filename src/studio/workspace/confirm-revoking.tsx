import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';

/** Nobody can make a secret work again that was revoked: it is asked before. */
export function confirmRevoking(name: string, follows: string, revoke: () => void): void {
  modals.openConfirmModal({
    title: `Revoke ${name}?`,
    children: <Text size="sm">{follows} This cannot be undone.</Text>,
    labels: { confirm: 'Revoke', cancel: 'Cancel' },
    confirmProps: { color: 'red' },
    onConfirm: revoke,
  });
}
