import { Avatar, Group, Text } from '@mantine/core';
import { type SaidPart, saidParts } from '../../../domain/review/mentions.ts';
import type { ReviewPerson } from '../../../protocol/review.ts';
import { useServices } from '../../app/services.ts';

/** Somebody, and when. */
export function Byline(props: { readonly by: ReviewPerson; readonly at: number; readonly what?: string }) {
  const { documents } = useServices();
  const { by, at, what } = props;
  return (
    <Group gap={6} wrap="nowrap" miw={0}>
      <Avatar
        size={18}
        radius="xl"
        color="gray"
        className={`person person-${documents.review.colourOf(by.id)}`}
        aria-hidden
      >
        {[...by.name][0]?.toUpperCase()}
      </Avatar>
      <Text size="xs" fw={600} truncate>
        {by.name}
      </Text>
      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        {what === undefined ? '' : `${what} `}
        <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
          {whenWords(at, Date.now())}
        </time>
      </Text>
    </Group>
  );
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** "just now", "5 min ago", the time of day, the date. */
export function whenWords(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE) return 'just now';
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  const date = new Date(at);
  if (age < 24 * HOUR) return date.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit' });
  return date.toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** What was said, with the mentions in it; whoever is mentioned sees it. */
export function Said({ text, self }: { readonly text: string; readonly self: string }) {
  return (
    <Text size="sm" className="said">
      {keyed(saidParts(text)).map(({ key, part }) =>
        part.kind === 'text' ? (
          part.text
        ) : (
          <Text key={key} span inherit className="mention" data-self={part.id === self || undefined}>
            @{part.name}
          </Text>
        ),
      )}
    </Text>
  );
}

/** Their places are what tells parts apart: a text that was said does not change. */
function keyed(parts: readonly SaidPart[]): readonly { readonly key: string; readonly part: SaidPart }[] {
  return parts.map((part, index) => ({ key: `${index}`, part }));
}
