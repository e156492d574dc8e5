import { expect, test } from 'vitest';
import type { CreatedEvent, RunId } from '../../domain/runs/events.ts';
import type { StepMetrics } from '../../domain/runs/metrics.ts';
import type {
  Locks,
  MetricStore,
  RecordingStore,
  RunStore,
  Settings,
  SharedSettings,
  TimingStore,
} from '../../domain/runs/ports.ts';

/** What every adapter of these ports must do. `make` gives a fresh, empty one. */

export const created: CreatedEvent = {
  type: 'created',
  project: 'sample',
  name: 'stories',
  config: { path: 'anneal.yaml', text: 'project: stories\n', version: null, edited_by: [] },
  data: { source: 'stories', sha256: 'a'.repeat(64), bytes: 12 },
  seed: 1337,
  max_steps: 100,
  device: 'auto',
  program: '0.1.0',
  model: null,
};
const device = {
  name: 'reference' as const,
  description: 'plain TypeScript',
  limits: { max_buffer_bytes: null, memory_bytes: null },
};
const a = 'run-a' as RunId;
const b = 'run-b' as RunId;

/** Resolves once the store has told of a change after `act`. */
function told(watch: (listener: () => void) => () => void, done: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve) => {
    const end = watch(() => {
      void done().then((yes) => {
        if (!yes) return;
        end();
        resolve();
      });
    });
  });
}

export function runStoreSuite(
  make: () => Promise<{ store: RunStore; reopen: () => Promise<RunStore> }>,
): void {
  test('a run is what its events add up to, and all of them are kept', async () => {
    const { store, reopen } = await make();
    await store.append(a, created, 1);
    await store.append(a, { type: 'started', step: 0, device, reason: 'only one' }, 2);
    const run = await store.append(a, { type: 'stopped', step: 7 }, 3);
    expect(run).toMatchObject({ id: a, state: 'stopped', step: 7, events: 3, created_at: 1, updated_at: 3 });
    const again = await reopen();
    expect(await again.get(a)).toEqual(run);
    expect((await again.events(a)).map(({ seq, at, event }) => [seq, at, event.type])).toEqual([
      [0, 1, 'created'],
      [1, 2, 'started'],
      [2, 3, 'stopped'],
    ]);
    expect(await again.events(a, 1)).toHaveLength(1);
  });

  test('an illegal event changes nothing', async () => {
    const { store } = await make();
    await store.append(a, created, 1);
    await expect(store.append(a, { type: 'continued', step: 0 }, 2)).rejects.toMatchObject({
      code: 'ANN-RUN-001',
    });
    await expect(store.append(b, { type: 'interrupted' }, 2)).rejects.toMatchObject({ code: 'ANN-RUN-002' });
    expect(await store.events(a)).toHaveLength(1);
    expect(await store.get(b)).toBeNull();
  });

  test('of two that end a run at once, one is refused', async () => {
    const { store } = await make();
    await store.append(a, created, 1);
    const outcomes = await Promise.allSettled([
      store.append(a, { type: 'interrupted' }, 2),
      store.append(a, { type: 'stopped', step: 0 }, 2),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await store.events(a)).toHaveLength(2);
  });

  test('lists the newest first, by project, without the deleted; purge forgets', async () => {
    const { store } = await make();
    await store.append(a, created, 1);
    await store.append(b, { ...created, project: 'other' }, 2);
    expect((await store.list()).map(({ id }) => id)).toEqual([b, a]);
    expect((await store.list({ project: 'sample' })).map(({ id }) => id)).toEqual([a]);
    await store.append(a, { type: 'interrupted' }, 3);
    await store.append(a, { type: 'deleted' }, 4);
    expect((await store.list()).map(({ id }) => id)).toEqual([b]);
    expect((await store.list({ deleted: true })).map(({ id }) => id)).toEqual([a]);
    await store.purge(a);
    expect(await store.get(a)).toBeNull();
    expect(await store.events(a)).toEqual([]);
  });

  test('lists a person’s own and those of nobody; everybody’s unless asked for one', async () => {
    const { store, reopen } = await make();
    const ids = ['ada', 'bob', 'none'].map((name) => `run-${name}` as RunId);
    for (const [at, id] of ids.entries())
      await store.append(id, { ...created, ...(at < 2 ? { owner: id.slice('run-'.length) } : {}) }, at);
    const again = await reopen();
    const of = async (filter?: { readonly person: string | null }): Promise<readonly string[]> =>
      (await again.list(filter)).map(({ id }) => id);
    expect(await of({ person: 'ada' })).toEqual(['run-none', 'run-ada']);
    expect(await of({ person: 'bob' })).toEqual(['run-none', 'run-bob']);
    expect(await of({ person: null })).toEqual(['run-none']);
    expect(await of()).toEqual(['run-none', 'run-bob', 'run-ada']);
  });

  test('tells of changes', async () => {
    const { store } = await make();
    const seen = told(store.watch, async () => (await store.get(a)) !== null);
    await store.append(a, created, 1);
    await seen;
  });
}

function row(step: number): StepMetrics {
  return {
    step,
    loss: 4 / step + 0.1,
    learning_rate: 1e-3,
    grad_norm: 1,
    tokens_per_second: 768,
    step_ms: 10,
    memory_bytes: step % 2 === 0 ? null : 4096,
    loss_scale: step % 3 === 0 ? null : 65_536,
  };
}
const rows = (from: number, to: number): StepMetrics[] =>
  Array.from({ length: to - from + 1 }, (_, i) => row(from + i));

export function metricStoreSuite(
  make: () => Promise<{ store: MetricStore; reopen: () => Promise<MetricStore> }>,
): void {
  test('gives back what was measured, to the bit, across chunks', async () => {
    const { store, reopen } = await make();
    await store.append(a, { steps: rows(1, 300), evals: [{ step: 250, val_loss: 2.5 }] });
    await store.append(a, { steps: rows(301, 700), evals: [{ step: 500, val_loss: 2.25 }] });
    await store.append(b, { steps: rows(1, 1), evals: [] });
    const again = await reopen();
    expect(await again.read(a)).toEqual({
      steps: rows(1, 700),
      evals: [
        { step: 250, val_loss: 2.5 },
        { step: 500, val_loss: 2.25 },
      ],
      total: 700,
    });
    expect(await again.read(a, { from: 255, to: 258 })).toMatchObject({ steps: rows(255, 258), evals: [] });
    expect(await again.summary(a)).toEqual({
      last: row(700),
      last_eval: { step: 500, val_loss: 2.25 },
      best_eval: { step: 500, val_loss: 2.25 },
    });
  });

  test('evaluating again at the same step replaces the figure', async () => {
    const { store, reopen } = await make();
    await store.append(a, { steps: [], evals: [{ step: 0, val_loss: 4 }] });
    await store.append(a, { steps: [], evals: [{ step: 0, val_loss: 4.5 }] });
    expect((await (await reopen()).read(a)).evals).toEqual([{ step: 0, val_loss: 4.5 }]);
  });

  test('a loss that is no number stays one', async () => {
    const { store, reopen } = await make();
    await store.append(a, { steps: [{ ...row(1), loss: Number.NaN }], evals: [] });
    expect((await (await reopen()).read(a)).steps[0]?.loss).toBeNaN();
  });

  test('thins out, keeping the ends and the extremes', async () => {
    const { store } = await make();
    const spike = { ...row(400), loss: 99 };
    await store.append(a, { steps: [...rows(1, 399), spike, ...rows(401, 1000)], evals: [] });
    const { steps, total } = await store.read(a, { points: 100 });
    expect(total).toBe(1000);
    expect(steps.length).toBeLessThanOrEqual(100);
    expect(steps).toContainEqual(spike);
    expect([steps[0]?.step, steps.at(-1)?.step]).toEqual([1, 1000]);
    expect(steps.every((entry, i) => i === 0 || entry.step > (steps[i - 1]?.step ?? 0))).toBe(true);
  });

  test('truncate forgets what came after a step, and the summary follows', async () => {
    const { store, reopen } = await make();
    const evals = [
      { step: 200, val_loss: 3 },
      { step: 300, val_loss: 2 },
    ];
    await store.append(a, { steps: rows(1, 600), evals });
    await store.truncate(a, 256);
    const again = await reopen();
    expect(await again.read(a)).toMatchObject({ steps: rows(1, 256), evals: evals.slice(0, 1) });
    expect(await again.summary(a)).toMatchObject({ last: row(256), best_eval: { step: 200 } });
    await again.append(a, { steps: rows(257, 258), evals: [] });
    expect((await again.read(a)).total).toBe(258);
    await again.truncate(a, 0);
    expect(await again.summary(a)).toEqual({ last: null, last_eval: null, best_eval: null });
  });

  test('purge forgets one run only; watching tells of new figures', async () => {
    const { store } = await make();
    const seen = told(
      (listener) => store.watch(a, listener),
      async () => (await store.summary(a)).last !== null,
    );
    await store.append(a, { steps: rows(1, 2), evals: [] });
    await seen;
    await store.append(b, { steps: rows(1, 3), evals: [] });
    await store.purge(a);
    expect((await store.read(a)).total).toBe(0);
    expect((await store.read(b)).total).toBe(3);
  });
}

export function recordingStoreSuite(
  make: () => Promise<{ store: RecordingStore; reopen: () => Promise<RecordingStore> }>,
): void {
  test('the last recorded step of a run is kept, and whoever watches is told', async () => {
    const { store, reopen } = await make();
    const kernel = { kernel: 'matmul', scope: 'lm_head', start_ms: 0, ms: 1.5, flops: 8, bytes: 4 };
    const recorded = {
      step: 12,
      device: 'wasm' as const,
      clock: 'processor' as const,
      total_ms: 1.5,
      kernels: [kernel],
      ceilings: { flops_per_second: 1e9, bytes_per_second: 1e9 },
    };
    expect(await store.get(a)).toBeNull();
    const changed = told(
      (listener) => store.watch(a, listener),
      async () => (await store.get(a))?.step === 13,
    );
    await store.put(a, recorded);
    await store.put(a, { ...recorded, step: 13 });
    await changed;
    const again = await reopen();
    expect(await again.get(a)).toEqual({ ...recorded, step: 13 });
    expect(await again.get(b)).toBeNull();
    await again.purge(a);
    expect(await again.get(a)).toBeNull();
  });
}

export function settingsSuite(make: () => Promise<{ settings: Settings; timings: TimingStore }>): void {
  test('settings and timings are kept by name', async () => {
    const { settings, timings } = await make();
    expect(await settings.get('probe')).toBeUndefined();
    await settings.set('probe', { device: 'tfjs-wasm' });
    await settings.set('probe', { device: 'tfjs-webgpu', at: 5 });
    expect(await settings.get('probe')).toEqual({ device: 'tfjs-webgpu', at: 5 });
    expect(await timings.get('wasm')).toBeNull();
    await timings.put({ device: 'wasm', flops_per_second: 1e9 });
    expect(await timings.get('wasm')).toEqual({ device: 'wasm', flops_per_second: 1e9 });
  });
}

/** Settings that `make` opens twice, as two tabs do. */
export function sharedSettingsSuite(make: () => Promise<readonly [SharedSettings, SharedSettings]>): void {
  test('what two change at once has both changes', async () => {
    const both = await make();
    const add = (n: number) => (value: unknown) => [...(Array.isArray(value) ? value : []), n];
    const all = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(all.map((n) => both[n % 2]?.change('list', add(n))));
    const kept = (await both[0].get('list')) as number[];
    expect(kept.sort((a, b) => a - b)).toEqual(all);
  });
}

export function locksSuite(make: () => Promise<readonly [Locks, Locks]>): void {
  test('one holds a name, another is told no at once, and it is free again afterwards', async () => {
    const [one, other] = await make();
    const outcome = await one.tryHold('train/sample', async () => {
      expect(await other.tryHold('train/sample', async () => 'never')).toBeNull();
      expect((await other.held()).has('train/sample')).toBe(true);
      expect(await other.tryHold('train/other', async () => 'mine')).toEqual({ value: 'mine' });
      return 'done';
    });
    expect(outcome).toEqual({ value: 'done' });
    expect((await other.held()).has('train/sample')).toBe(false);
    await expect(other.tryHold('train/sample', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await one.tryHold('train/sample', async () => 1)).toEqual({ value: 1 });
  });
}
