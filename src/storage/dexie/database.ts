import { Dexie, type Table } from 'dexie';
import type { Timings } from '../../domain/preflight/report.ts';
import type { RunId, StoredEvent } from '../../domain/runs/events.ts';
import type { EvalMetrics, MetricSummary } from '../../domain/runs/metrics.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { RecordedStep } from '../../engine/training/recorded-step.ts';

/** One column per figure; index i of each is one step. A figure that is not known is NaN. */
export interface MetricRow {
  readonly run: RunId;
  /** Steps are kept by the hundred or so, see metrics.ts: IndexedDB pays per row. */
  readonly chunk: number;
  readonly step: Float64Array;
  readonly loss: Float64Array;
  readonly learning_rate: Float64Array;
  readonly grad_norm: Float64Array;
  readonly tokens_per_second: Float64Array;
  readonly step_ms: Float64Array;
  readonly memory_bytes: Float64Array;
  /** Not in rows of versions before 0.2. */
  readonly loss_scale?: Float64Array;
}

export interface Database {
  readonly dexie: Dexie;
  readonly runs: Table<Run, RunId>;
  readonly events: Table<StoredEvent & { readonly run: RunId }, [RunId, number]>;
  readonly metrics: Table<MetricRow, [RunId, number]>;
  readonly evals: Table<EvalMetrics & { readonly run: RunId }, [RunId, number]>;
  readonly summaries: Table<MetricSummary & { readonly run: RunId }, RunId>;
  readonly recordings: Table<{ readonly run: RunId; readonly recorded: RecordedStep }, RunId>;
  readonly timings: Table<Timings, string>;
  readonly settings: Table<{ readonly key: string; readonly value: unknown }, string>;
}

/** Opens at the first use. Tabs and workers may open it side by side; watching works across them. */
export function openDatabase(name = 'anneal'): Database {
  const dexie = new Dexie(name, { cache: 'disabled' }); // a cache would serve one tab's view of another's run
  dexie.version(1).stores({
    runs: '&id, project',
    events: '[run+seq]',
    metrics: '[run+chunk]',
    evals: '[run+step]',
    summaries: '&run',
    timings: '&device',
    settings: '&key',
  });
  dexie.version(2).stores({ recordings: '&run' });
  return {
    dexie,
    runs: dexie.table('runs'),
    events: dexie.table('events'),
    metrics: dexie.table('metrics'),
    evals: dexie.table('evals'),
    summaries: dexie.table('summaries'),
    recordings: dexie.table('recordings'),
    timings: dexie.table('timings'),
    settings: dexie.table('settings'),
  };
}
