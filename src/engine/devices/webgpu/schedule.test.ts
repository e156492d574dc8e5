import { describe, expect, test } from 'vitest';
import { lower } from '../../graph/lower/lower.ts';
import { stateLayout } from '../../graph/lower/state-layout.ts';
import { PRESETS, presetModel, presetStep } from '../../graph/lower/testing/presets.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import { buildTrainingStep } from '../../training/step.ts';
import { schedule } from './schedule.ts';
import { SOFTWARE } from './testing/facts.ts';
import { trafficOf } from './traffic.ts';

const CASES = (['gpt2', 'llama'] as const).flatMap((type) =>
  (['small', 'medium'] as const).map((preset) => ({ type, preset })),
);

describe.each(CASES)('$type, preset $preset', ({ type, preset }) => {
  const { program, state } = presetStep(type, preset);
  const layout = stateLayout(state);
  const plan = lower(program, { layout });
  const batches = schedule(plan.calls, {
    tensors: plan.tensors,
    state: layout,
    adapter: SOFTWARE,
    tuned: new Map(),
  });

  test('a layer and step is 20 dispatches at most', () => {
    const { layers } = PRESETS[preset];
    for (let layer = 0; layer < layers; layer++) {
      const own = new RegExp(`\\.(h|layers)\\.${layer}(\\.|$)`);
      const most = batches.filter(({ calls }) =>
        calls.some((call) => own.test(plan.calls[call]?.scope ?? '')),
      );
      expect(most.length).toBeLessThanOrEqual(20);
    }
    // All of a step, that is, with what its layers share.
    expect(batches.length).toBeLessThanOrEqual(20 * layers);
  });

  test('layers share their kernels', () => {
    expect(new Set(batches.map(({ dispatch }) => dispatch.code)).size).toBeLessThanOrEqual(36);
  });

  const traffic = trafficOf(plan, batches, layout);

  test('a step moves at most half again of the bytes that it must', () => {
    expect(traffic.bytes).toBeGreaterThanOrEqual(traffic.least_bytes);
    expect(traffic.bytes).toBeLessThanOrEqual(1.5 * traffic.least_bytes);
  });

  test('with halves there are hardly more dispatches, which move fewer bytes', () => {
    const half = lower(program, { layout, half: true });
    const halved = schedule(half.calls, {
      tensors: half.tensors,
      state: layout,
      adapter: SOFTWARE,
      tuned: new Map(),
    });
    // Which may be joined depends on where tensors come to lie: one more or less is chance.
    expect(halved.length).toBeLessThanOrEqual(batches.length + 1);
    const moved = trafficOf(half, halved, layout);
    expect(moved.bytes).toBeLessThan(0.75 * traffic.bytes);
    expect(moved.bytes).toBeLessThanOrEqual(1.5 * moved.least_bytes);
  });

  test('every call is there, after all that it depends on', () => {
    const seen = new Set(batches.flatMap(({ calls }) => calls));
    expect(seen.size).toBe(plan.calls.length);
  });
});

test('so is one of llama whose tables are one, and have one gradient more to add', () => {
  const { batch, context, layers } = PRESETS.small;
  const model = { ...presetModel('llama', 'small'), tie_word_embeddings: true };
  const optimizer = adamW({ adam_beta2: 0.99 });
  const { update, state } = buildTrainingStep({ model, optimizer, batch, context, accumulation: 1 });
  if (update.mode !== 'fused') throw new Error('mode');
  const layout = stateLayout(state);
  const { calls, tensors } = lower(update.step, { layout });
  const batches = schedule(calls, { tensors, state: layout, adapter: SOFTWARE, tuned: new Map() });
  expect(batches.length).toBeLessThanOrEqual(20 * layers);
});
