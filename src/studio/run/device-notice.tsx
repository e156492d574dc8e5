import { Alert, Text } from '@mantine/core';
import type { StoredEvent } from '../../domain/runs/events.ts';
import type { DeviceInfo } from '../../engine/device.ts';
import { aboutDevice } from './about-device.ts';
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
  const notices = aboutDevice(events.map(({ event }) => event));
  return (
    <>
      {device !== null && (
        <Text size="xs" c="dimmed" aria-label="Device of the run">
          On {device.name}: {device.description}
        </Text>
      )}
      {notices.map((event) => {
        const { title, detail } = eventWords(event);
        return (
          <Alert key={title} color="orange" variant="light" title={title} py="xs">
            {detail !== null && <Text size="sm">{detail}</Text>}
          </Alert>
        );
      })}
    </>
  );
}
