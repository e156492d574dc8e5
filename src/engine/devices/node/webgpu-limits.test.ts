import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import type { Outputs } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { gpt2Config, llamaConfig } from '../../models/testing/configs.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import { updateFeeds } from '../../optimizers/update.ts';
import type { ModelConfig } from '../../training/spec.ts';
import { buildTrainingStep } from '../../training/step.ts';
import { openGpu } from '../webgpu/adapter.ts';
import type { AdapterFacts } from '../webgpu/adapter-facts.ts';
import { openWebgpu, type WebgpuDevice } from '../webgpu/device.ts';
import { watch } from '../webgpu/testing/watched-gpu.ts';
import { nodeGpu } from './dawn.ts';

/** Whole training steps within limits that a tensor of them does not keep. */

const gpu = await nodeGpu();
const [batch, context] = [4, 16];

/** One GPU device for all: a kernel that limits leave as it is is compiled once, while somebody holds it. */
const real = (await gpu?.requestAdapter()) == null ? null : (await openGpu(gpu ?? undefined)).device;
const opened: WebgpuDevice[] = [];
afterAll(() => {
  for (const device of opened) device.dispose();
  real?.destroy();
});

const LOW = {
  'bindings of 16 KiB': { max_binding_bytes: 2 ** 14 },
  'buffers of 24 KiB': { max_buffer_bytes: 3 * 2 ** 13, max_binding_bytes: 3 * 2 ** 13 },
  'six bindings': { max_bindings: 6 },
} satisfies Record<string, Partial<AdapterFacts>>;

const MODELS: readonly ModelConfig[] = [
  gpt2Config({
    n_layer: 1,
    n_embd: 32,
    n_positions: context,
    vocab_size: 180,
    embd_pdrop: 0.1,
    attn_pdrop: 0.1,
  }),
  llamaConfig({
    num_hidden_layers: 1,
    hidden_size: 32,
    intermediate_size: 64,
    max_position_embeddings: context,
    vocab_size: 180,
    tie_word_embeddings: true,
  }),
];

describe.skipIf(real === null)('webgpu within low limits', () => {
  for (const model of MODELS) {
    test(`${model.model_type} trains as it does without them`, async () => {
      const wanted = await trained(model, {});
      // Compiling is what takes long here: the second model tries the hardest of them.
      const tried = Object.entries(LOW).slice(0, model.model_type === 'gpt2' ? 3 : 1);
      for (const [name, limits] of tried) {
        const found = await trained(model, limits);
        expect(found, name).toEqual(wanted);
      }
    }, 300_000);
  }

  test('halves are split where f32 is', async () => {
    const model = MODELS[0] as ModelConfig;
    const wanted = await trained(model, {}, 'float16');
    expect(await trained(model, LOW['bindings of 16 KiB'], 'float16')).toEqual(wanted);
  }, 300_000);

  test('kernels for real GPUs are joined only as far as 16 KiB of workgroup memory reach', async () => {
    const model = MODELS[0] as ModelConfig;
    const roomy = await trained(model, { software: false });
    const tight = await trained(model, { software: false, workgroup_storage: 2 ** 14 });
    expect(tight).toEqual(roomy);
  }, 300_000);

  test('what cannot be split is refused, with the tensor and the limit', async () => {
    const device = await openWebgpu(gpu ?? undefined, { facts: { max_binding_bytes: 256 } });
    const g = new GraphBuilder();
    const a = g.state('weights', [fixed(64), fixed(64)], 'parameter');
    const b = g.state('thin', [fixed(64), fixed(4)], 'parameter');
    const y = g.node('matmul', [a, b], { transpose_a: true, transpose_b: false });
    const session = await device.open(g.states);
    const compiled = session.compile(g.program('product', { outputs: { y } }));
    await expect(compiled).rejects.toMatchObject({
      code: deviceErrors.outOfMemory.code,
      where: 'weights',
      message: /weights of 16384 bytes/,
      data: { tensor: 'weights', bytes: 16384, limit: 'maxStorageBufferBindingSize' },
    });
    device.dispose();
  });
});

/** Losses and norms of two updates, and a parameter after them; the watched GPU refuses what exceeds the limits. */
async function trained(
  model: ModelConfig,
  facts: Partial<AdapterFacts>,
  dtype?: 'float16',
): Promise<unknown> {
  if (real === null) throw new Error('there is no adapter');
  const watched = watch(real);
  const device = await openWebgpu(watched.device, { facts });
  opened.push(device);
  watched.faults.largestBinding = facts.max_binding_bytes ?? Number.POSITIVE_INFINITY;
  const optimizer = adamW();
  const { state, update } = buildTrainingStep({ model, optimizer, batch, context, dtype, accumulation: 1 });
  if (update.mode !== 'fused') throw new RangeError('one program');
  const session = await device.open(state);
  const random = new Random(11);
  for (const { name, shape, kind } of state) {
    if (kind !== 'parameter') continue;
    const size = shape.reduce((a, b) => a * b, 1);
    await session.write(
      name,
      Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0) + 0.1 * random.normal()),
    );
  }
  const executable = await session.compile(update.step);
  const ids = () => Int32Array.from({ length: batch * context }, () => random.below(180));
  const outputs: Outputs[] = [];
  for (let step = 1; step <= 2; step++) {
    const feeds = { input_ids: ids(), labels: ids(), inverse_label_count: 1 / (batch * context), seed: step };
    outputs.push(await executable.run({ ...feeds, ...updateFeeds(optimizer, 1e-2, step) }));
  }
  const largest = [...state].sort((a, b) => b.shape.length - a.shape.length)[0]?.name ?? '';
  const weights = await session.read(largest);
  session.dispose();
  return { outputs, weights };
}
