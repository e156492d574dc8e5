import { expect, test } from 'vitest';
import type { RunId } from '../../domain/runs/events.ts';
import type { StepMetrics } from '../../domain/runs/metrics.ts';
import { deviceErrors } from '../../engine/errors.ts';
import { createMemoryMetricStore } from '../../storage/memory/metrics.ts';
import { createMemoryRunStore } from '../../storage/memory/runs.ts';
import { created } from '../../storage/testing/run-stores.ts';
import { followRun } from './follow.ts';

const id = 'run-a' as RunId;
const row = (step: number): StepMetrics => ({
  step,
  loss: step === 300 ? 99 : 4 - step / 1e4,
  learning_rate: 1e-3,
  grad_norm: 1,
  tokens_per_second: 1000,
  step_ms: 5,
  memory_bytes: null,
  loss_scale: null,
});
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => row(from + i));
const device = {
  name: 'wasm' as const,
  description: '',
  limits: { max_buffer_bytes: null, memory_bytes: null },
};

function world() {
  const [runs, metrics] = [createMemoryRunStore(), createMemoryMetricStore()];
  const asked: (number | undefined)[] = [];
  const follow = followRun(
    {
      events: (run, after) => runs.events(run, after),
      metrics: (run, range) => {
        asked.push(range?.from);
        return metrics.read(run, range);
      },
    },
    id,
    100,
  );
  return { runs, metrics, asked, follow };
}

test('each reading fetches what is new, and what is shown stays small and keeps its spikes', async () => {
  const { runs, metrics, asked, follow } = world();
  await runs.append(id, created, 1);
  for (let from = 1; from < 5000; from += 50) {
    await metrics.append(id, { steps: rows(from, from + 50), evals: [{ step: from + 49, val_loss: 3 }] });
    await follow();
  }
  const { metrics: shown, events } = await follow();
  expect(asked.slice(1).every((from) => from !== undefined && from > 0)).toBe(true);
  expect(shown.total).toBe(5000);
  expect(shown.steps.length).toBeLessThanOrEqual(200);
  expect(shown.steps[0]?.step).toBe(1);
  expect(shown.steps.at(-1)?.step).toBe(5000);
  expect(shown.steps.some(({ loss }) => loss === 99)).toBe(true);
  expect(shown.evals.length).toBe(100);
  expect(events.length).toBe(1);
  // No part of the run is drawn much coarser than another.
  const gaps = shown.steps.slice(1).map(({ step }, i) => step - (shown.steps[i]?.step ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(250);
});

test('an evaluation that is written after its step is not missed, and nothing new is the same as before', async () => {
  const { runs, metrics, follow } = world();
  await runs.append(id, created, 1);
  await metrics.append(id, { steps: rows(1, 11), evals: [] });
  const before = await follow();
  expect((await follow()).metrics).toBe(before.metrics);
  await metrics.append(id, { steps: [], evals: [{ step: 10, val_loss: 3 }] });
  expect((await follow()).metrics.evals).toEqual([{ step: 10, val_loss: 3 }]);
});

test('a run that goes back to a checkpoint shows only what it has then', async () => {
  const { runs, metrics, follow } = world();
  await runs.append(id, created, 1);
  await runs.append(id, { type: 'started', step: 0, device, reason: '' }, 2);
  await metrics.append(id, { steps: rows(1, 41), evals: [] });
  expect((await follow()).metrics.steps.length).toBe(40);
  await metrics.truncate(id, 20);
  const because = deviceErrors.lost().toJSON();
  await runs.append(id, { type: 'device_changed', step: 20, device, because }, 3);
  await metrics.append(id, { steps: rows(21, 24), evals: [] });
  const { metrics: after, events } = await follow();
  expect(after.steps.map(({ step }) => step)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
  expect(events.length).toBe(3);
});
