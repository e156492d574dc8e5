import { Dexie, liveQuery } from 'dexie';
import type { RunId } from '../../domain/runs/events.ts';
import { emptySummary, type StepMetrics, summarise, thinOut } from '../../domain/runs/metrics.ts';
import type { MetricStore } from '../../domain/runs/ports.ts';
import { StepThinner } from '../../domain/runs/thin.ts';
import { toStorageError } from '../errors.ts';
import type { Database, MetricRow } from './database.ts';

/** Steps per row: a run of 5,000 steps is 20 rows, and a flush rewrites at most 14 kB. */
const CHUNK = 256;
/** Chunks that are read at a time: a millisecond's work. */
const PART = 16;

export function createDexieMetricStore({ dexie, metrics, evals, summaries }: Database): MetricStore {
  const chunksOf = (run: RunId, first: unknown = Dexie.minKey, last: unknown = Dexie.maxKey) =>
    metrics.where('[run+chunk]').between([run, first], [run, last], true, true);
  const evalsOf = (run: RunId, from: unknown = Dexie.minKey, to: unknown = Dexie.maxKey) =>
    evals.where('[run+step]').between([run, from], [run, to], true, true);
  const everything = [metrics, evals, summaries];

  return {
    append: (run, batch) =>
      dexie
        .transaction('rw', everything, async () => {
          const byChunk = Map.groupBy(batch.steps, ({ step }) => chunkOf(step));
          for (const [chunk, rows] of byChunk) {
            const before = await metrics.get([run, chunk]);
            await metrics.put(pack(run, chunk, before === undefined ? rows : [...unpack(before), ...rows]));
          }
          await evals.bulkPut(batch.evals.map((point) => ({ run, ...point })));
          const { run: _, ...summary } = (await summaries.get(run)) ?? { run, ...emptySummary };
          await summaries.put({ run, ...summarise(summary, batch) });
        })
        .catch(rethrow),
    read: async (run, { from = 0, to = Number.POSITIVE_INFINITY, points } = {}) => {
      const evalRows = await evalsOf(run, from, to).toArray().catch(rethrow);
      const evals_ = evalRows.map(({ step, val_loss }) => ({ step, val_loss }));
      const keys = await chunksOf(run, chunkOf(from), chunkOf(to)).primaryKeys().catch(rethrow);
      const within = (step: number): boolean => step >= from && step <= to;
      if (points === undefined || points < 4 || keys.length * CHUNK <= 2 * points) {
        const chunks = await chunksOf(run, chunkOf(from), chunkOf(to)).toArray().catch(rethrow);
        const rows = chunks.flatMap(unpack).filter(({ step }) => within(step));
        return {
          steps: points === undefined ? rows : thinOut(rows, points),
          evals: evals_,
          total: rows.length,
        };
      }
      // A long run is gone through part by part, each in a task of its own, and only what is shown is made rows.
      const [low, high] = [keys[0]?.[1] ?? 0, keys.at(-1)?.[1] ?? 0];
      const thinner = new StepThinner<MetricRow>(
        Math.max(from, low * CHUNK),
        Math.min(to, (high + 1) * CHUNK),
        points,
      );
      let total = 0;
      for (let at = 0; at < keys.length; at += PART) {
        const part = await metrics.bulkGet(keys.slice(at, at + PART)).catch(rethrow);
        for (const row of part) {
          for (let i = 0; i < (row?.step.length ?? 0); i++) {
            const step = row?.step[i] ?? Number.NaN;
            if (row === undefined || !within(step)) continue;
            thinner.see(step, row.loss[i] ?? Number.NaN, row, i);
            total++;
          }
        }
      }
      return { steps: thinner.rows(unpackOne), evals: evals_, total };
    },
    summary: async (run) => {
      const row = await summaries.get(run).catch(rethrow);
      if (row === undefined) return emptySummary;
      const { run: _, ...summary } = row;
      return summary;
    },
    truncate: (run, step) =>
      dexie
        .transaction('rw', everything, async () => {
          const edge = chunkOf(step);
          await chunksOf(run, edge + 1).delete();
          const row = await metrics.get([run, edge]);
          if (row !== undefined) {
            await metrics.put(
              pack(
                run,
                edge,
                unpack(row).filter((kept) => kept.step <= step),
              ),
            );
          }
          await evalsOf(run, step + 1).delete();
          const last = (await chunksOf(run).last()) ?? null;
          const left = await evalsOf(run).toArray();
          await summaries.put({
            run,
            ...summarise(emptySummary, {
              steps: last === null ? [] : unpack(last).slice(-1),
              evals: left.map(({ step: at, val_loss }) => ({ step: at, val_loss })),
            }),
          });
        })
        .catch(rethrow),
    purge: (run) =>
      dexie
        .transaction('rw', everything, async () => {
          await chunksOf(run).delete();
          await evalsOf(run).delete();
          await summaries.delete(run);
        })
        .catch(rethrow),
    watch(run, listener) {
      // Every write touches the summary, so watching that one row is enough.
      const subscription = liveQuery(() => summaries.get(run)).subscribe(() => listener());
      return () => subscription.unsubscribe();
    },
  };
}

function chunkOf(step: number): number {
  return Math.floor(step / CHUNK);
}

function pack(run: RunId, chunk: number, rows: readonly StepMetrics[]): MetricRow {
  const column = (name: keyof StepMetrics): Float64Array =>
    Float64Array.from(rows, (row) => row[name] ?? Number.NaN);
  return {
    run,
    chunk,
    step: column('step'),
    loss: column('loss'),
    learning_rate: column('learning_rate'),
    grad_norm: column('grad_norm'),
    tokens_per_second: column('tokens_per_second'),
    step_ms: column('step_ms'),
    memory_bytes: column('memory_bytes'),
    loss_scale: column('loss_scale'),
  };
}

function unpack(row: MetricRow): readonly StepMetrics[] {
  return Array.from(row.step, (_, i) => unpackOne(row, i));
}

function unpackOne(row: MetricRow, i: number): StepMetrics {
  const at = (column: Float64Array | undefined): number => column?.[i] ?? Number.NaN;
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    step: at(row.step),
    loss: at(row.loss),
    learning_rate: at(row.learning_rate),
    grad_norm: at(row.grad_norm),
    tokens_per_second: at(row.tokens_per_second),
    step_ms: at(row.step_ms),
    memory_bytes: known(at(row.memory_bytes)),
    loss_scale: known(at(row.loss_scale)),
  };
}

function rethrow(thrown: unknown): never {
  throw toStorageError(thrown);
}
