import { assertNever } from '../../base/assert-never.ts';
import type { ErrorFacts } from '../../base/error.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { DeviceInfo } from '../../engine/device.ts';
import { BEST } from '../../engine/training/checkpoint-slots.ts';
import { runErrors } from './errors.ts';
import type { CreatedEvent, RunEvent, RunEventType, RunId, StoredEvent } from './events.ts';

/**
 * A run as a state machine. `reduce` is the only way to a new state; which event is legal in which state
 * is the table below, and everything that screens offer (`can`) is read from it.
 */

export const RUN_STATES = [
  'queued',
  'running',
  'paused',
  'interrupted',
  'finished',
  'failed',
  'stopped',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface Run {
  readonly id: RunId;
  readonly project: string;
  readonly name: string;
  /** Left out: everybody's at this browser. */
  readonly owner?: string;
  readonly state: RunState;
  readonly created_at: number;
  readonly updated_at: number;
  /** How many events there have been: the next one's `seq`. */
  readonly events: number;
  /** Updates applied, as of the last event; the metrics know better while it trains. */
  readonly step: number;
  readonly max_steps: number;
  readonly pins: RunPins;
  /** Null until the data is tokenised. */
  readonly facts: {
    readonly vocab_size: number;
    readonly train_tokens: number;
    readonly validation_tokens: number;
    readonly parameters: number;
  } | null;
  /** The last one that the run can go on from. */
  readonly checkpoint: { readonly name: string; readonly step: number } | null;
  readonly end: 'finished' | 'early_stopping' | null;
  readonly failure: ErrorFacts | null;
  readonly deleted_at: number | null;
}

/** What makes a run reproducible. */
export type RunPins = Pick<CreatedEvent, 'config' | 'data' | 'seed' | 'model' | 'program'> & {
  readonly device_choice: CreatedEvent['device'];
  /** sha256 of tokenizer.json; null until it is made. */
  readonly tokenizer: string | null;
  /** The device that trains or trained last; every change is an event. */
  readonly device: DeviceInfo | null;
  readonly device_reason: string | null;
  /** Devices that were looked at before it was taken, best first; left out where that is not known. */
  readonly device_tried?: readonly { readonly name: string; readonly outcome: string }[];
};

const active = ['queued', 'running', 'paused'] as const;
const ended = ['interrupted', 'finished', 'failed', 'stopped'] as const;

/** In which states each event may happen, and the state after it (null: the same). */
const TRANSITIONS: {
  readonly [K in Exclude<RunEventType, 'created'>]: {
    readonly from: readonly RunState[];
    readonly to: RunState | null;
  };
} = {
  prepared: { from: ['queued'], to: null },
  started: { from: ['queued'], to: 'running' },
  paused: { from: ['running'], to: 'paused' },
  continued: { from: ['paused'], to: 'running' },
  device_changed: { from: ['running', 'paused'], to: null },
  learning_rate: { from: ['running', 'paused'], to: null },
  checkpoint: { from: ['running', 'paused'], to: null },
  sampled: { from: ['running', 'paused'], to: null },
  noticed: { from: active, to: null },
  interrupted: { from: active, to: 'interrupted' },
  resumed: { from: ['interrupted', 'failed', 'stopped'], to: 'queued' },
  finished: { from: ['running'], to: 'finished' },
  failed: { from: active, to: 'failed' },
  stopped: { from: active, to: 'stopped' },
  renamed: { from: RUN_STATES, to: null },
  saved: { from: RUN_STATES, to: null },
  deleted: { from: ended, to: null },
  restored: { from: ended, to: null },
};

/** Whether the event would be legal now: buttons are enabled by it. */
export function can(run: Run, type: Exclude<RunEventType, 'created'>): boolean {
  if ((run.deleted_at !== null) !== (type === 'restored')) return false;
  return TRANSITIONS[type].from.includes(run.state);
}

/** Whether the run is this person's, or everybody's. Null: nobody signs in. */
export function isFor({ owner }: Pick<Run, 'owner'>, person: string | null): boolean {
  return owner === undefined || owner === person;
}

/** Whether somebody should be holding the run's lock. */
export function isActive(run: Run): boolean {
  return active.some((state) => state === run.state);
}

/** (state, event) -> state. Errors: ANN-RUN-001 when the event is illegal in this state. */
export function reduce(run: Run | null, id: RunId, event: RunEvent, at: number): Result<Run> {
  if (event.type === 'created') return run === null ? ok(create(id, event, at)) : illegal(run, event);
  if (run === null || !can(run, event.type)) return illegal(run, event);
  // Updates are only ever undone by going back to a checkpoint, which these two say.
  const rewinds = event.type === 'started' || event.type === 'device_changed';
  if ('step' in event && event.step < run.step && !rewinds) return illegal(run, event);
  const next: Run = {
    ...run,
    state: TRANSITIONS[event.type].to ?? run.state,
    updated_at: Math.max(at, run.updated_at),
    events: run.events + 1,
    ...('step' in event ? { step: event.step } : {}),
  };
  return ok(applied(next, event, at));
}

/** The run that a log of events adds up to; null for an empty one. Throws ANN-RUN-011 where it does not add up. */
export function replay(id: RunId, log: readonly StoredEvent[]): Run | null {
  let run: Run | null = null;
  for (const { event, at, seq } of log) {
    const next = reduce(run, id, event, at);
    if (!next.ok || seq !== (run?.events ?? 0)) {
      throw runErrors.badRecord({ where: `${id}, event ${seq}`, ...(next.ok ? {} : { cause: next.error }) });
    }
    run = next.value;
  }
  return run;
}

function create(id: RunId, event: CreatedEvent, at: number): Run {
  const { config, data, seed, model, program } = event;
  return {
    id,
    project: event.project,
    name: event.name,
    ...(event.owner === undefined ? {} : { owner: event.owner }),
    state: 'queued',
    created_at: at,
    updated_at: at,
    events: 1,
    step: 0,
    max_steps: event.max_steps,
    pins: {
      config,
      data,
      seed,
      model,
      program,
      device_choice: event.device,
      tokenizer: null,
      device: null,
      device_reason: null,
    },
    facts: null,
    checkpoint: null,
    end: null,
    failure: null,
    deleted_at: null,
  };
}

/** What an event changes besides the state, the step and the counters. */
function applied(run: Run, event: Exclude<RunEvent, CreatedEvent>, at: number): Run {
  switch (event.type) {
    case 'prepared': {
      const { tokenizer, vocab_size, train_tokens, validation_tokens, parameters, max_steps } = event;
      const facts = { vocab_size, train_tokens, validation_tokens, parameters };
      return { ...run, max_steps, facts, pins: { ...run.pins, tokenizer } };
    }
    case 'started':
      return { ...run, pins: pinned(run.pins, event, event.reason) };
    case 'device_changed':
      return { ...run, pins: pinned(run.pins, event, event.because.message) };
    case 'checkpoint':
      return event.name === BEST ? run : { ...run, checkpoint: { name: event.name, step: event.step } };
    case 'resumed':
      return { ...run, failure: null, end: null, step: run.checkpoint?.step ?? 0 };
    case 'finished':
      return { ...run, end: event.reason };
    case 'failed':
      return { ...run, failure: event.facts };
    case 'renamed':
      return { ...run, name: event.name };
    case 'deleted':
      return { ...run, deleted_at: at };
    case 'restored':
      return { ...run, deleted_at: null };
    case 'paused':
    case 'continued':
    case 'learning_rate':
    case 'sampled':
    case 'noticed':
    case 'interrupted':
    case 'stopped':
    case 'saved':
      return run;
    default:
      return assertNever(event);
  }
}

function pinned(
  pins: RunPins,
  { device, tried }: Extract<RunEvent, { type: 'started' | 'device_changed' }>,
  device_reason: string,
): RunPins {
  return { ...pins, device, device_reason, ...(tried === undefined ? {} : { device_tried: tried }) };
}

function illegal(run: Run | null, event: RunEvent): Result<never> {
  const state =
    run === null
      ? 'that does not exist'
      : run.deleted_at === null
        ? `that is ${run.state}`
        : 'that is deleted';
  return err(
    runErrors.illegalEvent({
      message: `A run ${state} cannot be ${WORDS[event.type]}`,
      ...(run === null ? {} : { where: run.id }),
      data: { event: event.type, state: run?.state ?? null, step: run?.step ?? null },
    }),
  );
}

const WORDS: { readonly [K in RunEventType]: string } = {
  created: 'created',
  prepared: 'prepared',
  started: 'started',
  paused: 'paused',
  continued: 'continued',
  device_changed: 'moved to another device',
  learning_rate: 'given another learning rate',
  checkpoint: 'saved to a checkpoint',
  sampled: 'sampled from',
  noticed: 'given a notice',
  interrupted: 'interrupted',
  resumed: 'resumed',
  finished: 'finished',
  failed: 'marked as failed',
  stopped: 'stopped',
  renamed: 'renamed',
  saved: 'saved',
  deleted: 'deleted',
  restored: 'restored',
};
