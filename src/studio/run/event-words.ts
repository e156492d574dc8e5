import { assertNever } from '../../base/assert-never.ts';
import type { RunEvent } from '../../domain/runs/events.ts';
import { formatBytes, formatExact } from '../../ui/format.ts';

export interface EventWords {
  readonly title: string;
  readonly detail: string | null;
  readonly tone: 'plain' | 'good' | 'bad' | 'warn';
}

/** An event in words, for the list. */
export function eventWords(event: RunEvent): EventWords {
  const plain = (title: string, detail: string | null = null): EventWords => ({
    title,
    detail,
    tone: 'plain',
  });
  switch (event.type) {
    case 'created':
      return plain('Created', `${event.data.source}, seed ${event.seed}`);
    case 'prepared':
      return plain(
        'Data prepared',
        `${formatExact(event.train_tokens)} tokens to train, ${formatExact(event.validation_tokens)} to validate, vocabulary ${formatExact(event.vocab_size)}`,
      );
    case 'started':
      return plain(`Training on ${event.device.name}`, event.reason);
    case 'paused':
      return plain('Paused');
    case 'continued':
      return plain('Continued');
    case 'device_changed':
      return {
        title: `Went on with ${event.device.name}`,
        detail: `${event.because.message}. ${event.because.fix}`,
        tone: 'warn',
      };
    case 'learning_rate':
      return plain(
        `Learning rate set to ${event.learning_rate.toPrecision(3)}`,
        `the schedule times ${event.factor.toPrecision(3)} from here on`,
      );
    case 'checkpoint':
      return plain('Checkpoint', `${event.name}, ${formatBytes(event.bytes)}`);
    case 'sampled':
      return plain('Sample', event.text);
    case 'noticed':
      return { title: event.facts.message, detail: event.facts.fix, tone: 'warn' };
    case 'interrupted':
      return { title: 'Interrupted', detail: 'The tab or the process that trained it ended.', tone: 'warn' };
    case 'resumed':
      return plain('Resumed', `by version ${event.program}`);
    case 'finished':
      return {
        title: 'Finished',
        detail: event.reason === 'early_stopping' ? 'The validation loss stopped improving.' : null,
        tone: 'good',
      };
    case 'failed':
      return { title: event.facts.message, detail: event.facts.fix, tone: 'bad' };
    case 'stopped':
      return plain('Stopped on request');
    case 'renamed':
      return plain(`Renamed to ${event.name}`);
    case 'saved':
      return plain(`Saved as files of the project`, `the model of step ${formatExact(event.of_step)}`);
    case 'deleted':
      return plain('Deleted');
    case 'restored':
      return plain('Restored');
    default:
      return assertNever(event);
  }
}
