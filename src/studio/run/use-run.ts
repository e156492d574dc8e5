import { useRef } from 'react';
import type { RunId, StoredEvent } from '../../domain/runs/events.ts';
import type { MetricSeries } from '../../domain/runs/metrics.ts';
import type { Run } from '../../domain/runs/run.ts';
import { type Followed, followRun } from '../../services/runs/follow.ts';
import type { RunService } from '../../services/runs/runs.ts';
import { useWatched, type Watched } from '../shared/use-watched.ts';

/** As many as a chart of this size can show; thinned so that no spike is lost. */
const POINTS = 1500;

/** Between two readings, milliseconds: curves grow by a hair in it, and drawing them takes the main thread's time. */
const PAUSE = 1500;

export interface RunView {
  readonly run: Run;
  readonly events: readonly StoredEvent[];
  readonly metrics: MetricSeries;
  readonly others: readonly { readonly run: Run; readonly metrics: MetricSeries }[];
  /** Runs of the same project that could be laid over this one. */
  readonly candidates: readonly Run[];
}

/** A run with all that its screen shows, read anew as it goes on. Null: there is no such run. */
export function useRun(runs: RunService, id: RunId, overlay: readonly RunId[]): Watched<RunView | null> {
  const followers = useRef(new Map<RunId, () => Promise<Followed>>());
  const follow = (one: RunId): Promise<Followed> => {
    const read = followers.current.get(one) ?? followRun(runs, one, POINTS);
    followers.current.set(one, read);
    return read();
  };
  return useWatched(
    [id, ...overlay].join(' '),
    async () => {
      const run = await runs.get(id);
      if (run === null) return null;
      const [{ events, metrics }, others, listed] = await Promise.all([
        follow(id),
        Promise.all(
          overlay.map(async (other) => ({
            run: await runs.get(other),
            metrics: (await follow(other)).metrics,
          })),
        ),
        runs.list({ project: run.project }),
      ]);
      return {
        run,
        events,
        metrics,
        others: others.flatMap((other) =>
          other.run === null ? [] : [{ run: other.run, metrics: other.metrics }],
        ),
        candidates: listed.map((row) => row.run).filter((other) => other.id !== id),
      };
    },
    (listener) => {
      const ends = [id, ...overlay].map((one) => runs.watch(one, listener));
      return () => {
        for (const end of ends) end();
      };
    },
    PAUSE,
  );
}
