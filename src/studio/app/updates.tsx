import { registerSW } from 'virtual:pwa-register';
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect } from 'react';

const READY = 'new-version-ready';
const REPLACED = 'new-version-elsewhere';
const EVERY_MS = 30 * 60_000;

/** Keeps the page able to open without a network, and says when a newer version waits. Nothing reloads by itself. */
export function Updates() {
  useEffect(() => {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
    let updating = false;
    const update = registerSW({
      onNeedRefresh: () =>
        offer(READY, 'A newer version is ready', 'Update', () => {
          updating = true;
          void update(true);
        }),
      // Given, so that no tab reloads unasked: one may be training.
      onNeedReload: () => {
        if (updating) location.reload();
      },
      onRegisteredSW: (_url, registration) => {
        if (registration !== undefined)
          setInterval(() => void registration.update().catch(() => undefined), EVERY_MS);
      },
    });
    // Another tab took the update: this one goes on with what it has loaded, and offers to follow.
    let controlled = navigator.serviceWorker.controller !== null;
    const onChange = (): void => {
      if (controlled && !updating)
        offer(REPLACED, 'Anneal was updated in another tab', 'Reload', () => location.reload());
      controlled = true;
    };
    // A part that was not loaded yet belongs to a version that is gone.
    const onMissing = (event: Event): void => {
      event.preventDefault();
      offer(REPLACED, 'A newer version has replaced this one', 'Reload', () => location.reload());
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

function offer(id: string, title: string, label: string, act: () => void): void {
  if (id === REPLACED) notifications.hide(READY);
  notifications.show({
    id,
    title,
    autoClose: false,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">
          What you wrote is kept; a run that trains in this tab goes on from its last checkpoint.
        </Text>
        <Button size="compact-sm" flex="none" onClick={act}>
          {label}
        </Button>
      </Group>
    ),
  });
}
