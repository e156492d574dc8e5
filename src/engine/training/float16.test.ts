import { expect, test } from 'vitest';
import { nodeGpu } from '../devices/node/dawn.ts';
import { openWebgpu } from '../devices/webgpu/device.ts';
import { findLatest } from './checkpoint-slots.ts';
import type { TrainingSpec } from './spec.ts';
import { curve, type Recorded, tinyDeps } from './testing/harness.ts';
import { tinyGpt2, tinySpec } from './testing/specs.ts';
import { train } from './train.ts';

const gpu = await nodeGpu();

/** Weights so large that gradients times the first loss scale are no halves. */
const spec: TrainingSpec = {
  ...tinySpec,
  dtype: 'float16',
  model: { ...tinyGpt2, initializer_range: 4 },
  max_steps: 16,
  eval_steps: 0,
  save_steps: 4,
  schedule: { ...tinySpec.schedule, learning_rate: 0.05, max_steps: 16 },
};

const steps = (deps: Recorded) => deps.events.flatMap((event) => (event.type === 'step' ? [event] : []));
const skips = (deps: Recorded) =>
  deps.events.flatMap((event) =>
    event.type === 'notice' && event.facts.code === 'ANN-TRN-018' ? [event.step] : [],
  );

test('halves that overflow lower the scale until they fit, then the model learns; cut off in between, to the same bits', async (context) => {
  if (gpu === null) return context.skip('there is neither a GPU nor SwiftShader here');
  const open = () => openWebgpu(gpu);
  const whole = tinyDeps({ device: await open() });
  expect(await train(spec, whole)).toMatchObject({ reason: 'finished', step: 16 });
  whole.device.dispose();
  const skipped = skips(whole);
  expect(skipped.length).toBeGreaterThan(0);
  expect(skipped.length).toBeLessThan(10);
  for (const { step, loss, loss_scale } of steps(whole)) {
    expect(loss_scale).toBe(65_536 / 2 ** skipped.filter((at) => at < step).length);
    expect(Number.isFinite(loss)).toBe(true);
  }
  const losses = steps(whole).map(({ loss }) => loss);
  const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;
  expect(mean(losses.slice(-4))).toBeLessThan(0.8 * mean(losses.slice(0, 4)));

  const cut = tinyDeps({ device: await open(), until: 5 });
  expect(await train(spec, cut)).toMatchObject({ reason: 'stopped', step: 5 });
  cut.device.dispose();
  const resumed = tinyDeps({ device: await open(), store: cut.store, start: { type: 'resume' } });
  expect(await train(spec, resumed)).toMatchObject({ reason: 'finished', step: 16 });
  resumed.device.dispose();
  expect(curve([...cut.events, ...resumed.events])).toEqual(curve(whole.events));
  const [a, b] = await Promise.all([findLatest(whole.store, 'run'), findLatest(resumed.store, 'run')]);
  const file = a.found?.checkpoint.file;
  if (!file) throw new Error('no checkpoint');
  expect(file.names).toContain('loss_scale');
  for (const tensor of file.names) {
    expect(b.found?.checkpoint.file.bytes(tensor)).toEqual(file.bytes(tensor));
  }
}, 300_000); // compiling for a GPU that is emulated takes its time
