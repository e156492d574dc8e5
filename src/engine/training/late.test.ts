import { describe, expect, test } from 'vitest';
import { deviceErrors } from '../errors.ts';
import { findLatest } from './checkpoint-slots.ts';
import type { TrainingCommand, TrainingEvent } from './events.ts';
import { faultyDevice } from './testing/faulty-device.ts';
import { curve, FakeStore, tinyDeps } from './testing/harness.ts';
import { lateDevice } from './testing/late-device.ts';
import { tinySpec } from './testing/specs.ts';
import { train } from './train.ts';

const spec = { ...tinySpec, max_steps: 24, eval_steps: 8, save_steps: 5 };
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Everything that is told, without times. */
const told = (events: readonly TrainingEvent[]): unknown[] =>
  events.map((event) => {
    if (event.type !== 'step') return event;
    const { step_ms: _, tokens_per_second: __, ...rest } = event;
    return rest;
  });

describe('on a device that answers late the loop is an update ahead of the loss that it reads', () => {
  test.each([
    ['one batch', {}],
    ['micro-batches', { gradient_accumulation_steps: 3 }],
    ['early stopping', { early_stopping_patience: 1, eval_steps: 2 }],
  ])('and tells and keeps the same: %s', async (_, changes) => {
    const at: Record<number, readonly TrainingCommand[]> = {
      7: [{ type: 'evaluate' }, { type: 'sample' }],
      9: [{ type: 'save' }],
    };
    const [usual, late] = [tinyDeps(), lateDevice(breathe)];
    const deps = tinyDeps({ device: late, breathe });
    expect(await train({ ...spec, ...changes }, deps)).toEqual(await train({ ...spec, ...changes }, usual));
    expect(curve(deps.events)).toEqual(curve(usual.events));
    expect(late.most()).toBeGreaterThan(1);
    expect(late.overlaps()).toBe(0);
    for (const [name, bytes] of usual.store.blobs) expect(deps.store.blobs.get(name)).toEqual(bytes);

    // Commands come in an update later; what they do is told in order all the same.
    const asked = tinyDeps({ device: lateDevice(breathe), breathe, at });
    await train({ ...spec, ...changes }, asked);
    const order = asked.events.map(({ step }) => step).filter((step) => step > 0);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(asked.events.filter(({ type }) => type === 'step').length).toBe(
      usual.events.filter(({ type }) => type === 'step').length,
    );
  });

  test('stopped anywhere and resumed it has the same curve', async () => {
    const straight = tinyDeps();
    await train(spec, straight);
    for (const stop of [1, 4, 5, 8, 13]) {
      const first = tinyDeps({ device: lateDevice(breathe), breathe, at: { [stop]: [{ type: 'stop' }] } });
      const end = await train(spec, first);
      expect(end.reason).toBe('stopped');
      expect(end.step).toBeLessThanOrEqual(stop + 1);
      const second = tinyDeps({
        device: lateDevice(breathe),
        breathe,
        store: first.store,
        start: { type: 'resume' },
      });
      expect(await train(spec, second)).toMatchObject({ reason: 'finished', step: 24 });
      expect(curve([...first.events, ...second.events])).toEqual(curve(straight.events));
    }
  });

  test('a loss that is not finite ends the run at its own step, with a checkpoint from before', async () => {
    const device = lateDevice(breathe, (outputs, run) =>
      run === 12 ? { ...outputs, loss: Float32Array.of(Number.NaN) } : outputs,
    );
    const deps = tinyDeps({ device, breathe });
    expect(await train(spec, deps)).toMatchObject({
      reason: 'failed',
      step: 12,
      facts: { code: 'ANN-TRN-002', data: { step: 13 } },
      checkpoint: { step: 10 },
    });
    expect(deps.events.filter(({ type }) => type === 'step').at(-1)?.step).toBe(12);
    expect((await findLatest(deps.store, 'run')).found?.checkpoint.facts.progress.step).toBe(10);
  });

  test('a run that fails while the next is under way ends the run; nothing is left unhandled', async () => {
    const device = lateDevice(breathe, (outputs, run) => {
      if (run >= 6) throw deviceErrors.outOfMemory();
      return outputs;
    });
    expect(await train(spec, tinyDeps({ device, breathe }))).toMatchObject({
      reason: 'failed',
      step: 6,
      facts: { code: 'ANN-DEV-002' },
      checkpoint: { step: 5 },
    });
  });

  test('a device that hangs and is lost', async () => {
    const device = { ...faultyDevice({ program: 'step', after: 7, what: 'hangs' }), runs_ahead: 2 };
    expect(await train(spec, tinyDeps({ device, breathe }))).toMatchObject({
      reason: 'failed',
      step: 7,
      facts: { code: 'ANN-DEV-001' },
      checkpoint: { step: 5 },
    });
  });
});

describe('a step is recorded on request', () => {
  test('as an update like any other', async () => {
    const usual = tinyDeps();
    await train(spec, usual);
    const ceilings = { flops_per_second: 1e9, bytes_per_second: 1e9 };
    for (const changes of [{}, { gradient_accumulation_steps: 2 }]) {
      const deps = tinyDeps({
        device: lateDevice(breathe),
        breathe,
        at: { 10: [{ type: 'profile' }] },
        ceilings: async () => ceilings,
      });
      await train({ ...spec, ...changes }, deps);
      const [found, ...more] = deps.events.flatMap((event) => (event.type === 'profile' ? [event] : []));
      expect(more).toEqual([]);
      expect(found?.recorded).toMatchObject({ step: found?.step, device: 'reference', ceilings });
      expect(found?.recorded.kernels.map(({ scope }) => scope)).toEqual(
        changes.gradient_accumulation_steps ? ['accumulate', 'accumulate', 'apply'] : ['step'],
      );
      const before = deps.events[deps.events.findIndex(({ type }) => type === 'profile') - 1];
      expect(before).toMatchObject({ type: 'step', step: found?.step });
      if (!changes.gradient_accumulation_steps) expect(curve(deps.events)).toEqual(curve(usual.events));
    }
  });

  test('and a device that cannot says so, and which can', async () => {
    const deps = tinyDeps({ at: { 3: [{ type: 'profile' }] } });
    expect(await train(tinySpec, deps)).toMatchObject({ reason: 'finished' });
    expect(deps.events.find(({ type }) => type === 'notice')).toMatchObject({
      step: 3,
      facts: { code: 'ANN-TRN-017', fix: expect.stringContaining('device: wasm') },
    });
  });
});

describe('a checkpoint is written while the training goes on', () => {
  /** Each write waits until so many turns of the event loop have passed. */
  class SlowStore extends FakeStore {
    writing = 0;
    together = 0;
    override async put(run: string, name: string, bytes: Uint8Array): Promise<void> {
      this.together = Math.max(this.together, ++this.writing);
      for (let i = 0; i < 12; i++) await breathe();
      this.writing--;
      await super.put(run, name, bytes);
    }
  }

  test('one at a time, of the step that it says, told before anything that comes after', async () => {
    const fast = tinyDeps({ breathe });
    await train({ ...spec, save_steps: 2 }, fast);
    const store = new SlowStore();
    const slow = tinyDeps({ breathe, store });
    await train({ ...spec, save_steps: 2 }, slow);
    expect(store.together).toBe(1);
    expect(curve(slow.events)).toEqual(curve(fast.events));
    for (const [name, bytes] of fast.store.blobs) expect(store.blobs.get(name)).toEqual(bytes);
    const at = (events: readonly TrainingEvent[], type: string, step: number) =>
      events.findIndex((event) => event.type === type && event.step === step);
    expect(at(slow.events, 'checkpoint', 2)).toBeGreaterThan(at(slow.events, 'step', 3));
    expect(at(slow.events, 'checkpoint', 6)).toBeLessThan(at(slow.events, 'eval', 8));
    expect(told(slow.events).at(-1)).toMatchObject({ type: 'checkpoint', step: 24 });
  });

  test('what goes wrong in it ends the run soon, with the checkpoint before it', async () => {
    const store = new SlowStore();
    const deps = tinyDeps({ breathe, store });
    const { emit } = deps;
    const end = await train(
      { ...spec, eval_steps: 0 },
      {
        ...deps,
        emit: (event) => {
          emit(event);
          if (event.type === 'checkpoint' && event.step === 5) store.refuse = new Error('the disk is gone');
        },
      },
    );
    expect(end).toMatchObject({ reason: 'failed', checkpoint: { step: 5 } });
    expect(end.step).toBeLessThan(24);
  });

  test('a loss that blows up while one is written leaves that one whole', async () => {
    const store = new SlowStore();
    const device = faultyDevice({
      program: 'step',
      after: 11,
      what: (outputs) => ({ ...outputs, loss: Float32Array.of(Number.NaN) }),
    });
    const end = await train({ ...spec, eval_steps: 0 }, tinyDeps({ breathe, store, device }));
    expect(end).toMatchObject({ reason: 'failed', facts: { data: { step: 12 } }, checkpoint: { step: 10 } });
    expect(store.writing).toBe(0);
  });
});
