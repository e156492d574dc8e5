import { Button, Text, Timeline } from '@mantine/core';
import { memo, useState } from 'react';
import type { StoredEvent } from '../../domain/runs/events.ts';
import { type EventWords, eventWords } from './event-words.ts';

const COLORS: Readonly<Record<EventWords['tone'], string>> = {
  plain: 'gray',
  good: 'green',
  bad: 'red',
  warn: 'orange',
};

/** So many say what happens now; a long run has thousands. */
const SHOWN = 40;

/** Everything that happened to the run, newest first. */
export const RunEvents = memo(function RunEvents({ events }: { readonly events: readonly StoredEvent[] }) {
  const [shown, setShown] = useState(SHOWN);
  const newest = events.slice(-shown).reverse();
  return (
    <>
      <Timeline active={events.length} bulletSize={12} lineWidth={2} pt="xs">
        {newest.map(({ seq, at, event }) => {
          const words = eventWords(event);
          return (
            <Timeline.Item key={seq} color={COLORS[words.tone]} title={<Text size="sm">{words.title}</Text>}>
              {words.detail !== null && (
                <Text size="xs" c="dimmed" lineClamp={3} style={{ overflowWrap: 'anywhere' }}>
                  {words.detail}
                </Text>
              )}
              <Text size="xs" c="dimmed">
                {'step' in event ? `step ${event.step.toLocaleString('en')}, ` : ''}
                {new Date(at).toLocaleTimeString()}
              </Text>
            </Timeline.Item>
          );
        })}
      </Timeline>
      {events.length > shown && (
        <Button size="compact-xs" variant="default" mt="sm" onClick={() => setShown(shown + 5 * SHOWN)}>
          Show earlier events
        </Button>
      )}
    </>
  );
});
