import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunId } from '../../domain/runs/events.ts';
import type { MetricBatch } from '../../domain/runs/metrics.ts';
import type { MetricStore } from '../../domain/runs/ports.ts';
import { storageErrors } from '../errors.ts';
import { createMemoryMetricStore } from '../memory/metrics.ts';
import { type JsonLines, jsonLines } from './json-lines.ts';

/** JSON knows neither NaN nor infinity: they are null on disk, which is a NaN when read. */
const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const stepLine = z.object({
  step: z.int(),
  loss: figure,
  learning_rate: figure,
  grad_norm: figure,
  tokens_per_second: figure,
  step_ms: figure,
  memory_bytes: z.number().nullable(),
  loss_scale: z.number().nullable().default(null),
});
const evalLine = z.object({ step: z.int(), val_loss: figure });
const line = z.union([stepLine, evalLine]);

/** Figures as files: `<folder>/<run>/metrics.jsonl`, read once and kept in memory from then on. */
export function createNodeMetricStore(folder: string): MetricStore {
  const memory = createMemoryMetricStore();
  const files = new Map<RunId, Promise<JsonLines>>();
  const open = (run: RunId): Promise<JsonLines> => {
    const opened = files.get(run) ?? load(run);
    files.set(run, opened);
    return opened;
  };
  const load = async (run: RunId): Promise<JsonLines> => {
    const path = join(folder, run, 'metrics.jsonl');
    const file = jsonLines(path);
    const { steps, evals } = parse(await file.read(), path);
    // Of figures for the same step the last one holds.
    await memory.append(run, {
      steps,
      evals: [...new Map(evals.map((point) => [point.step, point])).values()],
    });
    return file;
  };
  return {
    async append(run, batch) {
      const file = await open(run);
      await file.append([...batch.steps, ...batch.evals]);
      await memory.append(run, batch);
    },
    async read(run, range) {
      await open(run);
      return memory.read(run, range);
    },
    async summary(run) {
      await open(run);
      return memory.summary(run);
    },
    async truncate(run, step) {
      const file = await open(run);
      await memory.truncate(run, step);
      const { steps, evals } = await memory.read(run);
      await file.replace([...steps, ...evals]);
    },
    async purge(run) {
      await rm(join(folder, run, 'metrics.jsonl'), { force: true });
      files.delete(run);
      await memory.purge(run);
    },
    watch: memory.watch,
  };
}

function parse(lines: readonly unknown[], where: string): MetricBatch {
  const rows = lines.map((value, i) => {
    const parsed = line.safeParse(value);
    if (!parsed.success) throw storageErrors.damaged({ where: `${where}:${i + 1}`, cause: parsed.error });
    return parsed.data;
  });
  return {
    steps: rows.flatMap((row) => ('loss' in row ? [row] : [])),
    evals: rows.flatMap((row) => ('val_loss' in row ? [row] : [])),
  };
}
