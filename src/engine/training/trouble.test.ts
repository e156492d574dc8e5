import { describe, expect, test } from 'vitest';
import { createMemoryCheckpointStore } from '../../storage/memory/checkpoint-store.ts';
import { findLatest } from './checkpoint-slots.ts';
import { trainingErrors } from './errors.ts';
import type { TrainingSpec } from './spec.ts';
import { faultyDevice } from './testing/faulty-device.ts';
import { curve, FakeStore, tinyDeps } from './testing/harness.ts';
import { tinyLlama, tinySpec } from './testing/specs.ts';
import { train } from './train.ts';

const spec: TrainingSpec = { ...tinySpec, save_steps: 2 };
const notices = (deps: ReturnType<typeof tinyDeps>): string[] =>
  deps.events.flatMap((event) => (event.type === 'notice' ? [event.facts.code] : []));

describe('a run that cannot go on says why and what is left', () => {
  test.each([
    ['loss', Number.NaN],
    ['loss', Number.POSITIVE_INFINITY],
    ['grad_norm', Number.NaN],
    ['grad_norm', Number.POSITIVE_INFINITY],
  ])('%s %d', async (output, value) => {
    const device = faultyDevice({
      program: 'step',
      after: 5,
      what: (outputs) => ({ ...outputs, [output]: Float32Array.of(value) }),
    });
    const deps = tinyDeps({ device });
    const end = await train(spec, deps);
    expect(end).toMatchObject({
      reason: 'failed',
      step: 5,
      facts: { code: 'ANN-TRN-002', data: { step: 6 }, fix: expect.stringContaining('learning_rate') },
      checkpoint: { step: 4 },
    });
    expect((await findLatest(deps.store, 'run')).found?.checkpoint.facts.progress.step).toBe(4);
  });

  test('a learning rate that blows up the model, for real', async () => {
    const deps = tinyDeps();
    const wild: TrainingSpec = {
      ...spec,
      optimizer: { ...spec.optimizer, optim: 'sgd', max_grad_norm: 0 },
      schedule: { ...spec.schedule, learning_rate: 1e12, lr_scheduler_type: 'constant' },
    };
    const end = await train(wild, deps);
    expect(end).toMatchObject({ reason: 'failed', facts: { code: 'ANN-TRN-002' } });
    const { found } = await findLatest(deps.store, 'run');
    const finite = found?.checkpoint.file.floats('transformer.wte.weight').every((x) => Number.isFinite(x));
    expect(finite).toBe(true);
  });

  test('a loss that rises and stays up is divergence, and the checkpoint is from before', async () => {
    let runs = 0;
    const device = faultyDevice({
      program: 'step',
      after: 100,
      what: (outputs) => ({ ...outputs, loss: Float32Array.of(4 + runs++ / 100) }),
    });
    const deps = tinyDeps({ device });
    const long = { ...spec, max_steps: 400, eval_steps: 0, schedule: { ...spec.schedule, max_steps: 400 } };
    const end = await train(long, deps);
    expect(end).toMatchObject({ reason: 'failed', facts: { code: 'ANN-TRN-003' } });
    if (end.reason !== 'failed') throw new Error('not failed');
    expect(end.step).toBeGreaterThan(150);
    expect(end.checkpoint?.step).toBeLessThanOrEqual(end.step - 49);
  });

  test('no room for the next checkpoint: the one before is whole, and a resume goes on from it', async () => {
    const roomy = tinyDeps();
    await train(spec, roomy);
    const size = Math.max(...[...roomy.store.blobs.values()].map((bytes) => bytes.length));
    const store = createMemoryCheckpointStore(size * 2.2);
    const deps = tinyDeps({ store });
    const end = await train({ ...spec, eval_steps: 5 }, deps);
    // Both slots and the best after update 5 need more.
    expect(end).toMatchObject({
      reason: 'failed',
      step: 5,
      facts: { code: 'ANN-STO-001' },
      checkpoint: { step: 4 },
    });
    const second = tinyDeps({ store, start: { type: 'resume' } });
    expect(await train({ ...spec, eval_steps: 0 }, second)).toMatchObject({ reason: 'finished' });
  });

  test('a device that is lost, also one that hangs, and one without memory', async () => {
    for (const [what, code] of [
      ['lost', 'ANN-DEV-001'],
      ['hangs', 'ANN-DEV-001'],
      ['out of memory', 'ANN-DEV-002'],
    ] as const) {
      const end = await train(spec, tinyDeps({ device: faultyDevice({ program: 'step', after: 3, what }) }));
      expect(end).toMatchObject({ reason: 'failed', step: 3, facts: { code }, checkpoint: { step: 2 } });
    }
  });

  test('what nobody thought of is a failure with a code too', async () => {
    const store = new FakeStore();
    store.refuse = new TypeError('x is not a function');
    expect(await train(spec, tinyDeps({ store }))).toMatchObject({
      reason: 'failed',
      facts: { code: 'ANN-TRN-012', message: expect.stringContaining('x is not a function') },
      checkpoint: null,
    });
  });

  test('data that is too short', async () => {
    const short = tinyDeps({ data: { train: new Int32Array(8), validation: new Int32Array(0) } });
    expect(await train(spec, short)).toMatchObject({ reason: 'failed', facts: { code: 'ANN-TRN-001' } });
  });
});

test('without validation data the run trains and says that it cannot evaluate', async () => {
  const { data } = tinyDeps();
  const deps = tinyDeps({ data: { train: data.train, validation: new Int32Array(1) } });
  expect(await train(spec, deps)).toEqual({ reason: 'finished', step: 12, best: null });
  expect(notices(deps)).toEqual(['ANN-TRN-011']);
});

test('a sample that fails does not end the run', async () => {
  const device = faultyDevice({
    program: 'decode',
    after: 0,
    what: () => {
      throw new Error('no such kernel');
    },
  });
  const deps = tinyDeps({ device });
  expect((await train(spec, deps)).reason).toBe('finished');
  expect(new Set(notices(deps))).toEqual(new Set(['ANN-TRN-014']));
});

test('after a device is lost the next goes on from the checkpoint, with the curve of an undisturbed run', async () => {
  const straight = tinyDeps();
  const end = await train(spec, straight);
  const lost = tinyDeps({ device: faultyDevice({ program: 'step', after: 7, what: 'hangs' }) });
  expect(await train(spec, lost)).toMatchObject({ step: 7, checkpoint: { step: 6 } });
  const full = tinyDeps({
    store: lost.store,
    start: { type: 'resume' },
    device: faultyDevice({ program: 'step', after: 3, what: 'out of memory' }, 'tfjs-wasm'),
  });
  expect(await train(spec, full)).toMatchObject({ step: 9, checkpoint: { step: 8 } });
  const last = tinyDeps({ store: lost.store, start: { type: 'resume' } });
  expect(await train(spec, last)).toEqual(end);
  // Each said that the device is another than the checkpoint's.
  expect([notices(lost), notices(full), notices(last)]).toEqual([[], ['ANN-TRN-009'], ['ANN-TRN-009']]);
  const upTo = (deps: typeof lost, step: number) => deps.events.filter((event) => event.step <= step);
  const pieces = [...upTo(lost, 6), ...upTo(full, 8), ...last.events];
  expect(curve(pieces)).toEqual(curve(straight.events));
});

describe('a resume', () => {
  async function half(): Promise<FakeStore> {
    const deps = tinyDeps({ until: 6 });
    await train(spec, deps);
    return deps.store;
  }

  test('onto another text or tokenizer is refused', async () => {
    const store = await half();
    for (const hashes of [
      { data: 'other', tokenizer: 'tokenizer' },
      { data: 'data', tokenizer: 'other' },
    ]) {
      const end = await train(spec, tinyDeps({ store, start: { type: 'resume' }, hashes }));
      expect(end).toMatchObject({ reason: 'failed', facts: { code: 'ANN-TRN-006' } });
    }
  });

  test('onto another split of the same text is refused', async () => {
    const store = await half();
    const { train: longer, validation } = tinyDeps().data;
    const moved = { train: longer.subarray(0, 990), validation };
    const end = await train(spec, tinyDeps({ store, start: { type: 'resume' }, data: moved }));
    expect(end).toMatchObject({ facts: { code: 'ANN-TRN-006', where: 'data.validation_split' } });
  });

  test('with another model or optimizer is refused, naming the fields', async () => {
    const store = await half();
    const resume = (changed: TrainingSpec) => train(changed, tinyDeps({ store, start: { type: 'resume' } }));
    expect(
      await resume({ ...spec, model: { ...spec.model, n_layer: 1 } as TrainingSpec['model'] }),
    ).toMatchObject({
      facts: { code: 'ANN-TRN-005', data: { changed: ['model.n_layer'] } },
    });
    expect(await resume({ ...spec, model: tinyLlama })).toMatchObject({ facts: { code: 'ANN-TRN-005' } });
    expect(await resume({ ...spec, optimizer: { ...spec.optimizer, optim: 'lion' } })).toMatchObject({
      facts: { code: 'ANN-TRN-005', data: { changed: ['training.optim'] } },
    });
  });

  test('with more steps goes on, and says that the settings changed', async () => {
    const deps = tinyDeps({ store: await half(), start: { type: 'resume' } });
    expect(await train({ ...spec, max_steps: 20 }, deps)).toMatchObject({ reason: 'finished', step: 20 });
    expect(notices(deps)).toEqual(['ANN-TRN-010']);
  });

  test('without a checkpoint is refused; a damaged one is told and the one before it taken', async () => {
    const empty = await train(spec, tinyDeps({ start: { type: 'resume' } }));
    expect(empty).toMatchObject({ reason: 'failed', facts: { code: 'ANN-TRN-007' } });
    const store = await half();
    const { found } = await findLatest(store, 'run');
    store.blobs.get(`run/${found?.name}`)?.fill(0, 100, 101);
    const deps = tinyDeps({ store, start: { type: 'resume' } });
    expect(await train(spec, deps)).toMatchObject({ reason: 'finished' });
    expect(notices(deps)).toEqual(['ANN-TRN-004']);
    expect(deps.events.find((event) => event.type === 'step')).toMatchObject({ step: 5 });
  });
});

describe('float16', () => {
  const half: TrainingSpec = { ...spec, dtype: 'float16' };
  const overflow = (loss_scale: number, loss = 2) => ({
    ...{ loss: Float32Array.of(loss), grad_norm: Float32Array.of(Number.POSITIVE_INFINITY) },
    ...{ loss_scale: Float32Array.of(loss_scale), skipped: Float32Array.of(1) },
  });
  const said = (deps: ReturnType<typeof tinyDeps>) =>
    deps.events.flatMap((event) => (event.type === 'notice' ? [[event.step, event.facts.message]] : []));

  test('on a device without halves the run says so, and has the losses of float32', async () => {
    const [whole, scaled] = [tinyDeps(), tinyDeps()];
    expect(await train(spec, whole)).toMatchObject({ reason: 'finished' });
    expect(await train(half, scaled)).toMatchObject({ reason: 'finished' });
    expect(said(scaled)).toEqual([[0, 'float16 is stored as float32 on reference.']]);
    const losses = (deps: ReturnType<typeof tinyDeps>) =>
      deps.events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    for (const [i, loss] of losses(scaled).entries()) expect(loss).toBeCloseTo(losses(whole)[i] as number, 4);
    const scales = scaled.events.flatMap((event) => (event.type === 'step' ? [event.loss_scale] : []));
    expect(new Set(scales)).toEqual(new Set([65_536]));
  });

  test('an update that was skipped is told of and is no end', async () => {
    let runs = 0;
    const device = faultyDevice({
      program: 'step',
      after: 0,
      what: (outputs) => (runs++ === 5 ? overflow(65_536) : outputs),
    });
    const deps = tinyDeps({ device: { ...device, stores_halves: true } });
    expect(await train(half, deps)).toMatchObject({ reason: 'finished', step: 12 });
    expect(said(deps)).toEqual([
      [
        6,
        'Update 6 was skipped: multiplied by the loss scale of 65536, a gradient was no longer a number. The loss scale is 32768 from here on.',
      ],
    ]);
    expect(deps.events.filter((event) => event.type === 'step')).toHaveLength(12);
  });

  test('a loss that is no number is the end at any scale, and the checkpoint from before stays the newest', async () => {
    const device = faultyDevice({ program: 'step', after: 5, what: () => overflow(65_536, Number.NaN) });
    const deps = tinyDeps({ device });
    const fix = trainingErrors.notFinite({ message: '' }).fix;
    expect(await train({ ...half, save_steps: 2 }, deps)).toMatchObject({
      reason: 'failed',
      step: 5,
      facts: { code: 'ANN-TRN-002', fix }, // halves are not the reason where there are none
    });
    const saved = deps.events.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []));
    expect(saved.at(-1)).toBe(4);
  });

  test('what overflows without any scale is the end', async () => {
    const device = faultyDevice({ program: 'step', after: 5, what: () => overflow(1) });
    const deps = tinyDeps({ device: { ...device, stores_halves: true } });
    expect(await train(half, deps)).toMatchObject({
      reason: 'failed',
      step: 5,
      facts: {
        code: 'ANN-TRN-002',
        message: expect.stringContaining('a loss scale of 1.'),
        fix: expect.stringContaining('dtype: float32'),
      },
    });
  });

  test('a checkpoint without a loss scale is not gone on from with one', async () => {
    const first = tinyDeps({ until: 4 });
    await train(spec, first);
    const resumed = tinyDeps({ store: first.store, start: { type: 'resume' } });
    expect(await train(half, resumed)).toMatchObject({
      reason: 'failed',
      facts: { code: 'ANN-TRN-005', data: { changed: ['training.dtype'] } },
    });
  });
});
