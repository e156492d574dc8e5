import { assertNever } from '../../base/assert-never.ts';
import type { Clock } from '../../base/clock.ts';
import type { RunEvent } from '../../domain/runs/events.ts';
import type { EvalMetrics, StepMetrics } from '../../domain/runs/metrics.ts';
import type { MetricStore, RecordingStore, RunStore } from '../../domain/runs/ports.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import type { TrainingEvent } from '../../engine/training/events.ts';

/** Figures lie in memory no longer than this before they are written. */
const FLUSH_MS = 500;

/**
 * Writes what the loop says: figures in batches, everything else as events of the run, in order. Writing
 * goes on beside the training; an error in it surfaces at the next `settle`, which every checkpoint awaits.
 */
export interface Recorder {
  /** A notice from before the loop knew where it stands is recorded where the run stands. */
  record(event: TrainingEvent): void;
  append(event: RunEvent): Promise<void>;
  /** Everything recorded so far is on disk. Throws ANN-STO errors. */
  settle(): Promise<void>;
  /** A store whose checkpoints are written only after the figures that lead up to them. */
  guard(store: CheckpointStore): CheckpointStore;
}

export function createRecorder(
  { id: run, step }: Pick<Run, 'id' | 'step'>,
  {
    runs,
    metrics,
    recordings,
    clock,
  }: {
    readonly runs: RunStore;
    readonly metrics: MetricStore;
    readonly recordings: RecordingStore;
    readonly clock: Clock;
  },
): Recorder {
  let steps: StepMetrics[] = [];
  let evals: EvalMetrics[] = [];
  let flushed = clock.elapsed();
  let last: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | null = null;
  let reached = step;

  const queue = (work: () => Promise<unknown>): void => {
    last = last.then(work).then(
      () => undefined,
      (error: unknown) => {
        failure ??= { error };
      },
    );
  };
  const flush = (): void => {
    flushed = clock.elapsed();
    if (steps.length === 0 && evals.length === 0) return;
    const batch = { steps, evals };
    steps = [];
    evals = [];
    queue(() => metrics.append(run, batch));
  };
  const append = (event: RunEvent): void => {
    flush(); // so that a run's step is never ahead of its figures
    if ('step' in event) reached = event.step;
    const at = clock.now();
    queue(() => runs.append(run, event, at));
  };
  const settle = async (): Promise<void> => {
    flush();
    await last;
    if (failure === null) return;
    const { error } = failure;
    failure = null;
    throw error;
  };

  return {
    record(event) {
      switch (event.type) {
        case 'step': {
          const { type: _, ...figures } = event;
          steps.push(figures);
          reached = event.step;
          if (clock.elapsed() - flushed >= FLUSH_MS) flush();
          return;
        }
        case 'eval':
          evals.push({ step: event.step, val_loss: event.val_loss });
          return flush();
        case 'checkpoint':
        case 'learning_rate':
        case 'paused':
          return append(event);
        case 'profile':
          flush();
          return queue(() => recordings.put(run, event.recorded));
        case 'sample':
          return append({
            type: 'sampled',
            step: event.step,
            text: event.text,
            tokens_per_second: event.tokens_per_second,
          });
        case 'resumed':
          return append({ type: 'continued', step: event.step });
        case 'notice':
          return append({ type: 'noticed', step: Math.max(event.step, reached), facts: event.facts });
        default:
          return assertNever(event);
      }
    },
    async append(event) {
      append(event);
      await settle();
    },
    settle,
    guard: (store) => ({
      async put(...args) {
        await settle();
        await store.put(...args);
      },
      get: (...args) => store.get(...args),
      list: (...args) => store.list(...args),
      remove: (...args) => store.remove(...args),
    }),
  };
}
