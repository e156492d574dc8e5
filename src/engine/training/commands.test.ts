import { expect, test } from 'vitest';
import { CommandQueue } from './commands.ts';
import { curve, tinyDeps } from './testing/harness.ts';
import { tinySpec } from './testing/specs.ts';
import { train } from './train.ts';

const types = (events: readonly { readonly type: string; readonly step: number }[]): string[] =>
  events.map(({ type, step }) => `${type} ${step}`);

test('commands come out in order, also to somebody who waits', async () => {
  const queue = new CommandQueue();
  const waiting = queue.next();
  queue.push({ type: 'save' });
  queue.push({ type: 'stop' });
  expect(await waiting).toEqual({ type: 'save' });
  expect(queue.urgent).toBe(true);
  expect(queue.take()).toEqual({ type: 'stop' });
  expect(queue.take()).toBeUndefined();
  expect(queue.urgent).toBe(false);
});

test('a pause stores a checkpoint, obeys while it lasts, and leaves the curve as it is', async () => {
  const straight = tinyDeps();
  await train(tinySpec, straight);

  const deps = tinyDeps({ at: { 3: [{ type: 'pause' }] } });
  const paused = new Promise<void>((resolve) => {
    const emit = deps.emit;
    Object.assign(deps, {
      emit: (event: Parameters<typeof emit>[0]) => {
        emit(event);
        if (event.type === 'paused') resolve();
      },
    });
  });
  const running = train(tinySpec, deps);
  await paused;
  expect(types(deps.events).slice(-2)).toEqual(['checkpoint 3', 'paused 3']);
  deps.commands.push({ type: 'pause' });
  deps.commands.push({ type: 'evaluate' });
  deps.commands.push({ type: 'sample' });
  deps.commands.push({ type: 'resume' });
  expect((await running).reason).toBe('finished');
  const after = types(deps.events);
  expect(after.slice(after.indexOf('paused 3'))).toEqual(
    expect.arrayContaining(['eval 3', 'sample 3', 'resumed 3', 'step 4']),
  );
  const asked = new Set(['eval 3', 'sample 3']);
  const kept = deps.events.filter(({ type, step }) => !asked.has(`${type} ${step}`));
  expect(curve(kept)).toEqual(curve(straight.events));
});

test('a stop while paused ends the run', async () => {
  const deps = tinyDeps({ at: { 3: [{ type: 'pause' }, { type: 'stop' }] } });
  expect(await train(tinySpec, deps)).toMatchObject({ reason: 'stopped', step: 3 });
});

test('an evaluation on request does not count for the best nor for early stopping', async () => {
  const at = Object.fromEntries([1, 2, 3].map((step) => [step, [{ type: 'evaluate' } as const]]));
  const deps = tinyDeps({ at, until: 3 });
  const end = await train({ ...tinySpec, early_stopping_patience: 1, eval_steps: 100 }, deps);
  expect(types(deps.events).filter((line) => line.startsWith('eval'))).toEqual([
    'eval 1',
    'eval 2',
    'eval 3',
    'eval 3',
  ]);
  expect(end).toMatchObject({ reason: 'stopped', step: 3, best: null });
});

test('a learning rate that is set holds from the next update on, and the schedule goes on from it', async () => {
  const deps = tinyDeps({ at: { 6: [{ type: 'set_learning_rate', learning_rate: 1e-3 }] } });
  await train(tinySpec, deps);
  const plain = tinyDeps();
  await train(tinySpec, plain);
  const rates = (d: typeof deps) =>
    d.events.flatMap((event) => (event.type === 'step' ? [event.learning_rate] : []));
  expect(rates(deps).slice(0, 6)).toEqual(rates(plain).slice(0, 6));
  expect(rates(deps)[6]).toBeCloseTo(1e-3, 12);
  const factor = 1e-3 / (rates(plain)[6] ?? 0);
  for (const [i, rate] of rates(deps).slice(6).entries()) {
    expect(rate).toBeCloseTo(factor * (rates(plain)[6 + i] ?? 0), 12);
  }
  expect(deps.events.filter((event) => event.type === 'learning_rate')).toMatchObject([{ step: 6, factor }]);
});

test('before the first update of a warm-up the rate set is that of the peak; nonsense is refused', async () => {
  const deps = tinyDeps();
  deps.commands.push({ type: 'set_learning_rate', learning_rate: 2e-2 });
  deps.commands.push({ type: 'set_learning_rate', learning_rate: Number.NaN });
  deps.commands.push({ type: 'set_learning_rate', learning_rate: 0 });
  await train(tinySpec, deps);
  const rates = deps.events.flatMap((event) => (event.type === 'step' ? [event.learning_rate] : []));
  expect(rates[0]).toBe(0);
  expect(rates[2]).toBeCloseTo(2e-2, 12);
  const refused = deps.events.filter((event) => event.type === 'notice');
  expect(refused.map(({ facts }) => facts.code)).toEqual(['ANN-TRN-015', 'ANN-TRN-015']);
});

test('a save on request stores once, not again when nothing has changed', async () => {
  const deps = tinyDeps({ at: { 2: [{ type: 'save' }, { type: 'save' }] }, until: 2 });
  await train({ ...tinySpec, eval_steps: 0 }, deps);
  expect(types(deps.events).filter((line) => line.startsWith('checkpoint'))).toEqual([
    'checkpoint 0',
    'checkpoint 2',
  ]);
});
