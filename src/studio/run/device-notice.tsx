import { Alert, Text } from '@mantine/core';
import { runErrors } from '../../domain/runs/errors.ts';
import type { RunEvent, StoredEvent } from '../../domain/runs/events.ts';
import type { DeviceInfo } from '../../engine/device.ts';
import { eventWords } from './event-words.ts';

/**
 * What computes the run, and what that has to do without (threads, relaxed SIMD, subgroups): a slow run has
 * its reason beside it. Where it is another device than was meant, that is said aloud.
 */
export function DeviceNotice({
  device,
  events,
}: {
  /** Null until there is one. */
  readonly device: DeviceInfo | null;
  readonly events: readonly StoredEvent[];
}) {
  const last = events.findLast(({ event }) => isAboutDevice(event));
  const words = last === undefined ? null : eventWords(last.event);
  return (
    <>
      {device !== null && (
        <Text size="xs" c="dimmed" aria-label="Device of the run">
          On {device.name}: {device.description}
        </Text>
      )}
      {words !== null && (
        <Alert color="orange" variant="light" title={words.title} py="xs">
          {words.detail !== null && <Text size="sm">{words.detail}</Text>}
        </Alert>
      )}
    </>
  );
}

function isAboutDevice(event: RunEvent): boolean {
  return (
    event.type === 'device_changed' ||
    (event.type === 'noticed' && event.facts.code === runErrors.fellBack.code)
  );
}
