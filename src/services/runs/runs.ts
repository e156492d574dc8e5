import { AnnealError } from '../../base/error.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { RunId, StoredEvent } from '../../domain/runs/events.ts';
import type { MetricSeries, MetricSummary } from '../../domain/runs/metrics.ts';
import type { MetricRange } from '../../domain/runs/ports.ts';
import { can, isActive, isFor, type Run } from '../../domain/runs/run.ts';
import type { TrainingCommand } from '../../engine/training/events.ts';
import type { RecordedStep } from '../../engine/training/recorded-step.ts';
import type { RunDeps } from './deps.ts';
import { runLock } from './locks.ts';

/**
 * What screens and the CLI do with runs that exist; starting one is in start.ts. Where people sign in, each is shown
 * his own and those that are everybody's; what keeps runs in order is done for all of them.
 */
export interface RunService {
  /** Newest first, each with its latest figures. */
  list(filter?: RunFilter): Promise<readonly ListedRun[]>;
  /** Null where there is none, or it is somebody else's. */
  get(run: RunId): Promise<Run | null>;
  events(run: RunId, after?: number): Promise<readonly StoredEvent[]>;
  metrics(run: RunId, range?: MetricRange): Promise<MetricSeries>;
  /** The step that was recorded last; null where none was. */
  recording(run: RunId): Promise<RecordedStep | null>;
  watchRecording(run: RunId, listener: () => void): () => void;
  /** The same range of several runs, thinned out alike, for laying them over each other. */
  overlay(runs: readonly RunId[], range?: MetricRange): Promise<ReadonlyMap<RunId, MetricSeries>>;
  /** Calls back after any run changed, in any tab, or somebody else came. Returns what ends it. */
  watchAll(listener: () => void): () => void;
  /** Calls back after the run or its figures changed, in any tab. Returns what ends it. */
  watch(run: RunId, listener: () => void): () => void;
  /** Pause, resume, stop, evaluate, save, sample, learning rate, profile. Throws ANN-RUN-004 where it does not train here. */
  control(run: RunId, command: TrainingCommand): Promise<void>;
  rename(run: RunId, name: string): Promise<Run>;
  /** Marks it as deleted; nothing is lost until it is purged. */
  remove(run: RunId): Promise<{ readonly undo: () => Promise<Run> }>;
  /** Forgets deleted runs, their figures and checkpoints for good. Resolves with how many. */
  purge(options?: { readonly olderThanMs?: number }): Promise<number>;
  /** Finds runs whose tab or process ended under them, and marks them as interrupted. */
  recover(): Promise<readonly Run[]>;
}

export interface RunFilter {
  readonly project?: string;
  readonly deleted?: boolean;
}

export interface ListedRun {
  readonly run: Run;
  readonly summary: MetricSummary;
}

type Deps = Pick<
  RunDeps,
  'runs' | 'owner' | 'metrics' | 'recordings' | 'checkpoints' | 'locks' | 'trainer' | 'clock'
>;

export function createRunService(deps: Deps): RunService {
  const { runs, owner, metrics, recordings, checkpoints, locks, trainer, clock } = deps;
  const endAll = (...ends: readonly (() => void)[]) => {
    return (): void => {
      for (const end of ends) end();
    };
  };
  const someoneElse = (listener: () => void) => owner?.subscribe(listener) ?? (() => undefined);
  return {
    async list(filter) {
      const found = await runs.list({
        ...filter,
        ...(owner === undefined ? {} : { person: owner.current() }),
      });
      return await Promise.all(found.map(async (run) => ({ run, summary: await metrics.summary(run.id) })));
    },
    async get(id) {
      const run = await runs.get(id);
      return run === null || owner === undefined || isFor(run, owner.current()) ? run : null;
    },
    events: (run, after) => runs.events(run, after),
    metrics: (run, range) => metrics.read(run, range),
    recording: (run) => recordings.get(run),
    watchRecording: (run, listener) => recordings.watch(run, listener),
    async overlay(ids, range) {
      return new Map(await Promise.all(ids.map(async (id) => [id, await metrics.read(id, range)] as const)));
    },
    watchAll: (listener) => endAll(runs.watch(listener), someoneElse(listener)),
    watch: (run, listener) =>
      endAll(runs.watch(listener), metrics.watch(run, listener), someoneElse(listener)),
    control: (run, command) => trainer.command(run, command),
    rename: (run, name) => runs.append(run, { type: 'renamed', name: name.trim() }, clock.now()),
    async remove(run) {
      await runs.append(run, { type: 'deleted' }, clock.now());
      return { undo: () => runs.append(run, { type: 'restored' }, clock.now()) };
    },
    async purge({ olderThanMs = 0 } = {}) {
      const before = clock.now() - olderThanMs;
      const old = (await runs.list({ deleted: true })).filter((run) => (run.deleted_at ?? before) <= before);
      for (const { id } of old) {
        // The record goes last: what a kill leaves half done is found and finished by the next purge.
        await checkpoints.remove(id);
        await metrics.purge(id);
        await recordings.purge(id);
        await runs.purge(id);
      }
      return old.length;
    },
    async recover() {
      const interrupted: Run[] = [];
      for (const listed of await runs.list()) {
        if (!isActive(listed) || (await locks.held()).has(runLock(listed.id))) continue;
        // Read again: between the two looks it may have come to its end in an orderly way.
        const run = await runs.get(listed.id);
        if (run === null || !can(run, 'interrupted')) continue;
        try {
          interrupted.push(await runs.append(run.id, { type: 'interrupted' }, clock.now()));
        } catch (error) {
          // Another tab said so first.
          if (!(error instanceof AnnealError) || error.code !== runErrors.illegalEvent.code) throw error;
        }
      }
      return interrupted;
    },
  };
}
