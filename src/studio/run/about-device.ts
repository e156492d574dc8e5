import { runErrors } from '../../domain/runs/errors.ts';
import type { RunEvent } from '../../domain/runs/events.ts';
import { trainingErrors } from '../../engine/training/errors.ts';

/** What happened that a run's device took the place of another, and what it cannot do of what was asked for. */
export function aboutDevice(events: readonly RunEvent[]): readonly RunEvent[] {
  const replaced = events.findLast(
    (event) => event.type === 'device_changed' || noticeOf(event) === runErrors.fellBack.code,
  );
  const since = events.findLastIndex(({ type }) => type === 'started' || type === 'device_changed');
  const wide = events
    .slice(since + 1)
    .findLast((event) => noticeOf(event) === trainingErrors.storedWide.code);
  return [replaced, wide].filter((event) => event !== undefined);
}

function noticeOf(event: RunEvent): string | null {
  return event.type === 'noticed' ? event.facts.code : null;
}
