import { describe, expect, test } from 'vitest';
import { findBest, findLatest } from './checkpoint-slots.ts';
import type { TrainingEvent } from './events.ts';
import type { TrainingSpec } from './spec.ts';
import { curve, FakeStore, tinyDeps } from './testing/harness.ts';
import { tinyLlama, tinySpec } from './testing/specs.ts';
import { train } from './train.ts';

const steps = (events: readonly TrainingEvent[]) => events.filter((event) => event.type === 'step');

test('learns: the loss falls well below that of guessing, and the end says what was best', async () => {
  const deps = tinyDeps();
  const spec = {
    ...tinySpec,
    max_steps: 150,
    eval_steps: 50,
    schedule: { ...tinySpec.schedule, max_steps: 150 },
  };
  const end = await train(spec, deps);
  const evals = deps.events.filter((event) => event.type === 'eval');
  expect(evals.map(({ step }) => step)).toEqual([50, 100, 150]);
  const losses = evals.map(({ val_loss }) => val_loss);
  expect(Math.min(...losses)).toBeLessThan(Math.log(17) - 0.5);
  expect(end).toEqual({
    reason: 'finished',
    step: 150,
    best: { step: evals[losses.indexOf(Math.min(...losses))]?.step, val_loss: Math.min(...losses) },
  });
  expect(deps.events.filter((event) => event.type === 'sample')).toHaveLength(3);
});

test('an event per update has the figures that belong to it', async () => {
  const deps = tinyDeps();
  await train(tinySpec, deps);
  const first = steps(deps.events)[0];
  expect(steps(deps.events).map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(first).toMatchObject({ step: 1, learning_rate: 0, step_ms: 1, tokens_per_second: 16_000 });
  expect(first?.loss).toBeCloseTo(Math.log(17), 1);
  expect(first?.grad_norm).toBeGreaterThan(0);
  expect(steps(deps.events)[1]?.learning_rate).toBe(5e-3);
});

test('accumulation over micro-batches gives the losses of one large batch', async () => {
  const whole = tinyDeps();
  await train({ ...tinySpec, per_device_train_batch_size: 4 }, whole);
  const split = tinyDeps();
  await train({ ...tinySpec, per_device_train_batch_size: 1, gradient_accumulation_steps: 4 }, split);
  for (const [i, { loss, grad_norm }] of steps(whole.events).entries()) {
    expect(steps(split.events)[i]?.loss).toBeCloseTo(loss, 4);
    expect(steps(split.events)[i]?.grad_norm).toBeCloseTo(grad_norm, 4);
  }
});

describe('a run that is resumed has the curve of one that never stopped, bit for bit', () => {
  const variants: [string, TrainingSpec][] = [
    ['gpt2', tinySpec],
    [
      'with dropout',
      {
        ...tinySpec,
        model: {
          ...tinySpec.model,
          embd_pdrop: 0.1,
          attn_pdrop: 0.2,
          resid_pdrop: 0.1,
        } as TrainingSpec['model'],
      },
    ],
    ['with accumulation', { ...tinySpec, gradient_accumulation_steps: 3 }],
    [
      'llama with muon',
      { ...tinySpec, model: tinyLlama, optimizer: { ...tinySpec.optimizer, optim: 'muon' } },
    ],
    ['with lion', { ...tinySpec, optimizer: { ...tinySpec.optimizer, optim: 'lion' } }],
    ['with some batches per evaluation', { ...tinySpec, eval_batches: 2, eval_steps: 3 }],
  ];
  const change = { 3: [{ type: 'set_learning_rate', learning_rate: 2e-3 }] } as const;

  test.each(variants)('%s', async (_, spec) => {
    const straight = tinyDeps({ at: change });
    await train(spec, straight);

    const first = tinyDeps({ at: change, until: 5 });
    expect(await train(spec, first)).toMatchObject({ reason: 'stopped', step: 5 });
    const second = tinyDeps({ store: first.store, start: { type: 'resume' } });
    expect(await train(spec, second)).toMatchObject({ reason: 'finished', step: 12 });

    // The end of the first part evaluates once more; that look changes nothing.
    const extra = first.events.findIndex((event) => event.type === 'eval' && event.step === 5);
    const head = spec.eval_steps === 5 || extra < 0 ? first.events : first.events.slice(0, extra);
    expect(curve([...head, ...second.events])).toEqual(curve(straight.events));
    await expectSameParameters(straight.store, second.store);
  });

  test('killed at any update, going on from whatever checkpoint there is', async () => {
    const spec = { ...tinySpec, save_steps: 3, early_stopping_patience: 2 };
    const straight = tinyDeps();
    const end = await train(spec, straight);
    for (let kill = 1; kill <= 12; kill++) {
      const store = new FakeStore();
      const events: TrainingEvent[] = [];
      // The emit that throws stands for the end of the process: nothing is stored after it.
      const dying = tinyDeps({
        store,
        emit: (event) => {
          events.push(event);
          if (event.type === 'step' && event.step === kill) {
            store.refuse = new Error('dead');
            throw new Error('dead');
          }
        },
      });
      expect((await train(spec, dying)).reason).toBe('failed');
      store.refuse = null;
      const { found } = await findLatest(store, 'run');
      const from = found?.checkpoint.facts.progress.step ?? 0;
      expect(from).toBe(Math.floor((kill - 1) / 3) * 3);
      const second = tinyDeps({ store, start: { type: 'resume' } });
      expect(await train(spec, second)).toEqual(end);
      const kept = events.filter((event) => event.step <= from);
      expect(curve([...kept, ...second.events])).toEqual(curve(straight.events));
      await expectSameParameters(straight.store, store);
    }
  });

  test('also when stopped in the middle of an evaluation', async () => {
    const straight = tinyDeps();
    await train(tinySpec, straight);
    const first = tinyDeps({ at: { 4: [] } });
    let looks = 0;
    const interrupted = {
      ...first,
      breathe: async () => {
        // The 5th breath is the first batch of the evaluation after update 4.
        if (++looks === 5) first.commands.push({ type: 'stop' });
      },
    };
    expect(await train(tinySpec, interrupted)).toMatchObject({ reason: 'stopped', step: 4 });
    expect(first.events.some((event) => event.type === 'eval')).toBe(false);
    const second = tinyDeps({ store: first.store, start: { type: 'resume' } });
    await train(tinySpec, second);
    expect(curve([...first.events, ...second.events])).toEqual(curve(straight.events));
  });
});

async function expectSameParameters(a: FakeStore, b: FakeStore): Promise<void> {
  const [x, y] = [await findLatest(a, 'run'), await findLatest(b, 'run')];
  if (!x.found || !y.found) throw new Error('no checkpoint');
  expect(y.found.checkpoint.facts.progress).toEqual(x.found.checkpoint.facts.progress);
  const file = x.found.checkpoint.file;
  expect(file.names.length).toBeGreaterThan(20);
  for (const name of file.names) expect(y.found.checkpoint.file.bytes(name)).toEqual(file.bytes(name));
}

test('the best evaluation is kept beside the latest checkpoint, parameters alone', async () => {
  const deps = tinyDeps();
  const end = await train({ ...tinySpec, eval_steps: 2 }, deps);
  const best = await findBest(deps.store, 'run');
  expect(best?.facts).toMatchObject({
    holds: 'parameters',
    progress: { step: end.best?.step, best: end.best },
  });
  expect(best?.file.names).toContain('transformer.wte.weight');
  expect(best?.file.names.some((name) => name.startsWith('m.'))).toBe(false);
});

test('early stopping ends the run after so many evaluations without improvement, also on a resume', async () => {
  // A rate far too high to improve with.
  const spec = {
    ...tinySpec,
    eval_steps: 2,
    early_stopping_patience: 2,
    max_steps: 40,
    schedule: {
      ...tinySpec.schedule,
      lr_scheduler_type: 'constant' as const,
      learning_rate: 0.5,
      max_steps: 40,
    },
  };
  const deps = tinyDeps();
  const end = await train(spec, deps);
  expect(end.reason).toBe('early_stopping');
  expect(end.step - (end.best?.step ?? 0)).toBe(4);
  const again = tinyDeps({ store: deps.store, start: { type: 'resume' } });
  expect(await train(spec, again)).toEqual(end);
  expect(steps(again.events)).toEqual([]);
});
