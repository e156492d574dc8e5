import { registerSW } from 'virtual:pwa-register';
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect } from 'react';

const ID = 'new-version';
const EVERY_MS = 30 * 60_000;

/** Keeps the page able to open without a network, and says when a newer version waits. Nothing reloads by itself. */
export function Updates() {
  useEffect(() => {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
    let updating = false;
    const update = registerSW({
      onNeedRefresh: () =>
        offer('A newer version is ready', 'Update', () => {
          updating = true;
          void update(true);
        }),
      onRegisteredSW: (_url, registration) => {
        if (registration !== undefined)
          setInterval(() => void registration.update().catch(() => undefined), EVERY_MS);
      },
    });
    // Another tab took the update: this one goes on with what it has loaded, and offers to follow.
    let controlled = navigator.serviceWorker.controller !== null;
    const onChange = (): void => {
      if (controlled && !updating)
        offer('Anneal was updated in another tab', 'Reload', () => location.reload());
      controlled = true;
    };
    // A part that was not loaded yet belongs to a version that is gone.
    const onMissing = (event: Event): void => {
      event.preventDefault();
      offer('A newer version has replaced this one', 'Reload', () => location.reload());
    };
    navigator.serviceWorker.addEventListener('controllerchange', onChange);
    window.addEventListener('vite:preloadError', onMissing);
    return () => {
      navigator.serviceWorker.removeEventListener('controllerchange', onChange);
      window.removeEventListener('vite:preloadError', onMissing);
    };
  }, []);
  return null;
}

function offer(title: string, label: string, act: () => void): void {
  notifications.show({
    id: ID,
    title,
    autoClose: false,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">
          What you wrote is kept; a run that trains in this tab goes on from its last checkpoint.
        </Text>
        <Button size="compact-sm" onClick={act}>
          {label}
        </Button>
      </Group>
    ),
  });
}
