import { Alert, Text } from '@mantine/core';
import { runErrors } from '../../domain/runs/errors.ts';
import type { RunEvent, StoredEvent } from '../../domain/runs/events.ts';
import { eventWords } from './event-words.ts';

/** Says that the run is on another device than it was meant to be on, and why; nothing where it is not. */
export function DeviceNotice({ events }: { readonly events: readonly StoredEvent[] }) {
  const last = events.findLast(({ event }) => isAboutDevice(event));
  if (last === undefined) return null;
  const { title, detail } = eventWords(last.event);
  return (
    <Alert color="orange" variant="light" title={title} py="xs">
      {detail !== null && <Text size="sm">{detail}</Text>}
    </Alert>
  );
}

function isAboutDevice(event: RunEvent): boolean {
  return (
    event.type === 'device_changed' ||
    (event.type === 'noticed' && event.facts.code === runErrors.fellBack.code)
  );
}
