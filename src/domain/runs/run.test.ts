import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunEvent, RunId, StoredEvent } from './events.ts';
import { runEventSchema } from './events.ts';
import { can, isActive, RUN_STATES, type Run, reduce, replay } from './run.ts';

const id = 'run-1' as RunId;
const sha = 'a'.repeat(64);
const device = {
  name: 'reference' as const,
  description: 'plain TypeScript',
  limits: { max_buffer_bytes: null, memory_bytes: null },
};
const facts = { code: 'ANN-DEV-001' as const, message: 'The device was lost', fix: 'Go on.' };

const created: RunEvent = {
  type: 'created',
  project: 'sample',
  name: 'stories 1',
  config: { path: 'anneal.yaml', text: 'project: stories\n', version: null, edited_by: ['Ada'] },
  data: { source: 'stories', sha256: sha, bytes: 12 },
  seed: 1337,
  max_steps: 100,
  device: 'auto',
  program: '0.1.0',
  model: null,
};

/** Every event but `created`, with any step. */
function anyEvent(step: fc.Arbitrary<number>): fc.Arbitrary<RunEvent> {
  return step.chain((at) =>
    fc.constantFrom<RunEvent>(
      {
        type: 'prepared',
        tokenizer: sha,
        vocab_size: 65,
        train_tokens: 900,
        validation_tokens: 100,
        parameters: 1000,
        max_steps: 100,
      },
      { type: 'started', step: at, device, reason: 'the only one' },
      { type: 'paused', step: at },
      { type: 'continued', step: at },
      { type: 'device_changed', step: at, device, because: facts },
      { type: 'learning_rate', step: at, factor: 0.5, learning_rate: 5e-4 },
      { type: 'checkpoint', step: at, name: 'a', bytes: 10 },
      { type: 'sampled', step: at, text: 'Once' },
      { type: 'noticed', step: at, facts },
      { type: 'interrupted' },
      { type: 'resumed', program: '0.1.0' },
      { type: 'finished', step: at, reason: 'finished' },
      { type: 'failed', step: at, facts },
      { type: 'stopped', step: at },
      { type: 'renamed', name: 'better' },
      { type: 'saved', of_step: at, files: { 'config.json': sha } },
      { type: 'deleted' },
      { type: 'restored' },
    ),
  );
}

/** Applies what is legal and leaves the rest, as a store does; returns the log of what was applied. */
function play(events: readonly RunEvent[]): { run: Run; log: StoredEvent[] } {
  let run: Run | null = null;
  const log: StoredEvent[] = [];
  for (const [at, event] of [created, ...events].entries()) {
    const next = reduce(run, id, event, at);
    if (!next.ok) {
      expect(next.error.code).toBe('ANN-RUN-001');
      continue;
    }
    log.push({ seq: log.length, at, event });
    run = next.value;
  }
  if (run === null) throw new Error('unreachable: created is always legal first');
  return { run, log };
}

function after(...events: RunEvent[]): Run {
  const { run, log } = play(events);
  expect(log).toHaveLength(events.length + 1);
  return run;
}

const started: RunEvent = { type: 'started', step: 0, device, reason: 'fastest' };

test('a run that trains to its end', () => {
  const run = after(
    started,
    { type: 'checkpoint', step: 50, name: 'step-50', bytes: 9 },
    { type: 'paused', step: 60 },
    { type: 'continued', step: 60 },
    { type: 'finished', step: 100, reason: 'finished' },
  );
  expect(run).toMatchObject({ state: 'finished', step: 100, checkpoint: { step: 50 }, end: 'finished' });
  expect(run.pins.device?.name).toBe('reference');
});

test('a run whose tab was killed goes on from its checkpoint', () => {
  const run = after(
    started,
    { type: 'checkpoint', step: 50, name: 'step-50', bytes: 9 },
    { type: 'noticed', step: 80, facts },
    { type: 'interrupted' },
    { type: 'resumed', program: '0.1.0' },
    { ...started, step: 50 },
  );
  expect(run).toMatchObject({ state: 'running', step: 50, failure: null });
});

test('a failed run keeps its reason until it is resumed', () => {
  const failed = after(started, { type: 'failed', step: 3, facts });
  expect(failed.failure).toEqual(facts);
  const again = reduce(failed, id, { type: 'resumed', program: '0.1.0' }, 9);
  expect(again).toMatchObject({ ok: true, value: { state: 'queued', failure: null } });
});

test('a second `created`, or any event before it, is refused', () => {
  expect(reduce(after(), id, created, 1)).toMatchObject({ ok: false, error: { code: 'ANN-RUN-001' } });
  fc.assert(
    fc.property(anyEvent(fc.nat(100)), (event) => {
      expect(reduce(null, id, event, 0)).toMatchObject({ ok: false, error: { code: 'ANN-RUN-001' } });
    }),
  );
});

test('any sequence of events leaves a sound run, and its log adds up to it', () => {
  fc.assert(
    fc.property(fc.array(anyEvent(fc.nat(100)), { maxLength: 60 }), (events) => {
      const { run, log } = play(events);
      expect(RUN_STATES).toContain(run.state);
      expect(run.events).toBe(log.length);
      expect(run.failure !== null).toBe(run.state === 'failed');
      expect(run.end !== null).toBe(run.state === 'finished');
      if (run.state === 'running') expect(run.pins.device).not.toBeNull();
      if (run.deleted_at !== null) expect(isActive(run)).toBe(false);
      expect(replay(id, log)).toEqual(run);
      const stored = log.map((entry) => runEventSchema.parse(JSON.parse(JSON.stringify(entry.event))));
      expect(stored).toEqual(log.map((entry) => entry.event));
    }),
  );
});

test('steps go back only to a checkpoint', () => {
  fc.assert(
    fc.property(fc.array(anyEvent(fc.nat(100)), { maxLength: 60 }), (events) => {
      let step = 0;
      let checkpoint = 0;
      for (const { event } of play(events).log) {
        if (event.type === 'checkpoint') checkpoint = event.step;
        if (event.type === 'resumed') step = checkpoint;
        if (!('step' in event)) continue;
        if (event.type !== 'started' && event.type !== 'device_changed') {
          expect(event.step).toBeGreaterThanOrEqual(step);
        }
        step = event.step;
      }
    }),
  );
});

test('what `can` says is what `reduce` does', () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent(fc.nat(100)), { maxLength: 30 }),
      anyEvent(fc.constant(100)),
      (events, event) => {
        const { run } = play(events);
        if (event.type === 'created') return;
        expect(reduce(run, id, event, 99).ok).toBe(can(run, event.type));
      },
    ),
  );
});

test('from everywhere there is a way on: an active run can be interrupted, an ended one deleted and restored', () => {
  fc.assert(
    fc.property(fc.array(anyEvent(fc.nat(100)), { maxLength: 60 }), (events) => {
      const { run } = play(events);
      if (isActive(run)) expect(can(run, 'interrupted')).toBe(true);
      else expect(can(run, run.deleted_at === null ? 'deleted' : 'restored')).toBe(true);
    }),
  );
});

test('a log that does not add up is refused', () => {
  const { log } = play([started, { type: 'paused', step: 5 }]);
  const [first, , third] = log;
  if (first === undefined || third === undefined) throw new Error('unreachable');
  expect(() => replay(id, [first, third])).toThrow(expect.objectContaining({ code: 'ANN-RUN-011' }));
});
