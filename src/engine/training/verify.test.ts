import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import type { Device } from '../device.ts';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { randomWeights } from '../models/testing/arbitrary.ts';
import { gpt2Config, llamaConfig } from '../models/testing/configs.ts';
import { updateFeeds } from '../optimizers/update.ts';
import type { FixtureTensor } from './fixture.ts';
import type { ModelConfig } from './spec.ts';
import { buildGradients, buildTrainingStep } from './step.ts';
import { verifyFixture } from './verify.ts';

function load(name: string): { tensors: Map<string, FixtureTensor>; settings: Record<string, unknown> } {
  const folder = new URL('../../../fixtures/', import.meta.url);
  const file = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  const tensors = new Map<string, FixtureTensor>();
  for (const tensor of file.names) {
    const { shape, dtype } = file.entry(tensor);
    tensors.set(tensor, { shape, values: dtype === 'I32' ? file.ints(tensor) : file.floats(tensor) });
  }
  return { tensors, settings: JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) };
}

const device = createReferenceDevice();

/** Computes once what is asked for again and again, as long as the questions come in the same order. */
function remembering(inner: Device): Device {
  const known: Promise<unknown>[] = [];
  return {
    ...inner,
    open: async (state) => {
      const session = await inner.open(state);
      let asked = 0;
      const remember = <T>(compute: () => Promise<T>): Promise<T> => {
        known[asked] ??= compute();
        return known[asked++] as Promise<T>;
      };
      return {
        write: (name, values) => session.write(name, values),
        read: (name) => remember(() => session.read(name)),
        compile: async (program) => {
          const executable = await session.compile(program);
          return {
            run: (feeds) => remember(() => executable.run(feeds)),
            dispose: () => executable.dispose(),
          };
        },
        memoryBytes: () => session.memoryBytes(),
        dispose: () => session.dispose(),
      };
    },
  };
}

function altered(
  tensors: ReadonlyMap<string, FixtureTensor>,
  name: string,
  change: (x: number, i: number) => number,
) {
  const copy = new Map(tensors);
  const tensor = copy.get(name);
  if (tensor === undefined) throw new Error(name);
  copy.set(name, { ...tensor, values: Float32Array.from(tensor.values, change) });
  return copy;
}

test.each(['gpt2-tiny', 'llama-tiny'])("%s: PyTorch's numbers to the last digits of f32", async (name) => {
  const verdict = await verifyFixture({ ...load(name), device });
  expect(verdict).toMatchObject({ device: 'reference', holds: true });
  expect(verdict.logits).toBeLessThan(1e-6);
  expect(verdict.loss).toBeLessThan(1e-6);
  expect(verdict.grad).toBeLessThan(1e-6);
  expect(verdict.losses).toBeLessThan(1e-6);
  expect(verdict.final).toBeLessThan(5e-5); // Adam divides small gradients by their own rounding
});

test.each(['gpt2-tiny', 'llama-tiny'])(
  '%s: any single altered tensor is found out',
  async (name) => {
    const { tensors, settings } = load(name);
    const device = remembering(createReferenceDevice());
    for (const tensor of tensors.keys()) {
      const kind = tensor.split('.')[0] ?? '';
      if (kind === 'input_ids' || kind === 'labels' || kind === 'param') continue;
      const changed = altered(tensors, tensor, (x) => x * 1.01);
      const verdict = await verifyFixture({ tensors: changed, settings, device });
      const field = kind as 'grad' | 'final' | 'losses' | 'logits' | 'loss';
      expect([tensor, verdict.holds, verdict[field] > 1e-3]).toEqual([tensor, false, true]);
    }
  },
  60_000,
);

test('one element is enough, and so is one that is not a number', async () => {
  const { tensors, settings } = load('gpt2-tiny');
  const name = 'grad.transformer.h.1.ln_2.bias';
  const scale = Math.max(...(tensors.get(name)?.values ?? []));
  const nudged = await verifyFixture({
    tensors: altered(tensors, name, (x, i) => (i === 3 ? x + scale / 50 : x)),
    settings,
    device,
  });
  expect(nudged.holds).toBe(false);
  const broken = await verifyFixture({
    tensors: altered(tensors, name, (x, i) => (i === 3 ? Number.NaN : x)),
    settings,
    device,
  });
  expect(broken.holds).toBe(false);
});

test('the key third of c_attn.bias, whose true gradient is zero, is compared absolutely', async () => {
  const { tensors, settings } = load('gpt2-tiny');
  for (const kind of ['grad', 'final']) {
    const name = `${kind}.transformer.h.0.attn.c_attn.bias`;
    const shift = (by: number) => altered(tensors, name, (x, i) => (i === 40 ? x + by : x));
    expect((await verifyFixture({ tensors: shift(0.005), settings, device })).holds).toBe(true);
    expect((await verifyFixture({ tensors: shift(0.02), settings, device })).holds).toBe(false);
  }
});

test('what is missing, unknown or of another shape is named', async () => {
  const { tensors, settings } = load('llama-tiny');
  const check = (changed: Map<string, FixtureTensor>, json: unknown = settings) =>
    verifyFixture({ tensors: changed, settings: json, device });
  for (const name of ['grad.model.norm.weight', 'param.lm_head.weight', 'losses', 'final.lm_head.weight']) {
    const without = new Map(tensors);
    without.delete(name);
    await expect(check(without)).rejects.toMatchObject({ code: 'ANN-TRN-016', where: name });
  }
  const extra = new Map(tensors).set('grad.model.layers.2.mlp.up_proj.weight', {
    shape: [1],
    values: Float32Array.of(0),
  });
  await expect(check(extra)).rejects.toThrow(/layers\.2/);
  const norm = tensors.get('param.model.norm.weight') as FixtureTensor;
  const bent = new Map(tensors).set('param.model.norm.weight', { ...norm, shape: [4, 8] });
  await expect(check(bent)).rejects.toThrow(/\[4, 8\].*\[32\]/);
  await expect(check(tensors, {})).rejects.toMatchObject({ code: 'ANN-TRN-016' });
  await expect(check(tensors, null)).rejects.toMatchObject({ code: 'ANN-TRN-016' });
  await expect(check(tensors, { ...settings, steps: 9 })).rejects.toMatchObject({ where: 'losses' });
});

/** A fixture of another config, made in float64. */
async function made(model: ModelConfig, context: number) {
  const oracle = createReferenceDevice({ precision: 'f64' });
  const random = new Random(9);
  const sizes = { model, batch: 2, context };
  const draw = () => Int32Array.from({ length: 2 * context }, () => random.below(model.vocab_size));
  const input_ids = draw();
  const labels = draw().map((label, i) => (i % 5 === 1 ? -100 : label));
  const inverse_label_count = 1 / labels.filter((label) => label !== -100).length;
  const optimizer = {
    learning_rate: 1e-3,
    adam_beta1: 0.9,
    adam_beta2: 0.95,
    adam_epsilon: 1e-8,
    weight_decay: 0.1,
    max_grad_norm: 1,
  };
  const config = { ...optimizer, optim: 'adamw' as const };
  const step = buildTrainingStep({ ...sizes, optimizer: config, accumulation: 1 });
  const session = await oracle.open(step.state);
  const tensors = new Map<string, FixtureTensor>();
  const put = (
    name: string,
    shape: readonly number[],
    values: Float32Array | Int32Array = new Float32Array(),
  ) => tensors.set(name, { shape, values });
  const weights = randomWeights(model, 4);
  for (const { name, shape } of parameterSpecs(model)) {
    const values = Float32Array.from(weights.get(name) ?? []);
    put(`param.${name}`, shape, values);
    await session.write(name, values);
  }
  const out = await (await session.compile(buildGradients(sizes))).run({
    input_ids,
    labels,
    inverse_label_count,
  });
  put('input_ids', [2, context], input_ids);
  put('labels', [2, context], labels);
  put('logits', [2, context, model.vocab_size], out.logits);
  put('loss', [1], out.loss);
  for (const { name, shape } of parameterSpecs(model)) put(`grad.${name}`, shape, out[`grad.${name}`]);
  if (step.update.mode !== 'fused') throw new Error('mode');
  const executable = await session.compile(step.update.step);
  const losses: number[] = [];
  for (let update = 1; update <= 10; update++) {
    const { loss } = await executable.run({
      input_ids,
      labels,
      inverse_label_count,
      ...updateFeeds(config, 1e-3, update),
    });
    losses.push(loss?.[0] as number);
  }
  put('losses', [10], Float32Array.from(losses));
  for (const { name, shape } of parameterSpecs(model)) put(`final.${name}`, shape, await session.read(name));
  return {
    tensors,
    settings: { config: model, optimizer, batch_size: 2, sequence_length: context, steps: 10 },
  };
}

test.each<[string, ModelConfig, readonly string[]]>([
  [
    'gpt2 without biases, untied, exact gelu',
    gpt2Config({ bias: false, tie_word_embeddings: false, activation_function: 'gelu' }),
    ['bias', 'tie_word_embeddings'],
  ],
  ['gpt2 with relu and a narrow MLP', gpt2Config({ activation_function: 'relu', n_inner: 5 }), []],
  [
    'llama with all biases, tied, one key head',
    llamaConfig({
      attention_bias: true,
      attention_output_bias: true,
      tie_word_embeddings: true,
      num_key_value_heads: 1,
    }),
    ['attention_bias', 'attention_output_bias', 'tie_word_embeddings'],
  ],
  [
    'llama with biases as in Qwen2, wide heads',
    llamaConfig({ attention_bias: true, head_dim: 6 }),
    ['attention_output_bias'],
  ],
])('%s: other configs hold, fields left out follow from the tensors', async (_name, model, optional) => {
  const { tensors, settings } = await made(model, 4);
  expect(await verifyFixture({ tensors, settings, device })).toMatchObject({ holds: true });
  const config = Object.fromEntries(Object.entries(model).filter(([field]) => !optional.includes(field)));
  const verdict = await verifyFixture({ tensors, settings: { ...settings, config }, device });
  expect(verdict).toMatchObject({ holds: true });
});

function length({ values }: FixtureTensor): number {
  return Math.hypot(...values);
}

test('a gradient far below the others is compared as closely as they are', async () => {
  // A large epsilon shrinks what the norms give out, and with it what reaches queries and keys.
  const { tensors, settings } = await made(llamaConfig({ attention_bias: true, rms_norm_eps: 3000 }), 4);
  const gradients = [...tensors].filter(([name]) => name.startsWith('grad.'));
  const total = Math.hypot(...gradients.map(([, tensor]) => length(tensor)));
  const [name, least] = gradients.reduce((a, b) => (length(a[1]) < length(b[1]) ? a : b));
  expect(length(least) / total).toBeLessThan(1e-5);
  expect((await verifyFixture({ tensors, settings, device })).holds).toBe(true);
  const changed = altered(tensors, name, (x) => x * 1.01);
  expect((await verifyFixture({ tensors: changed, settings, device })).holds).toBe(false);
});

test('a parameter that nothing but decay moves is compared by what it is', async () => {
  // One token attends to itself whatever queries and keys are, so that their gradients are exactly zero.
  const { tensors, settings } = await made(llamaConfig(), 1);
  const name = 'self_attn.q_proj.weight';
  expect(length(tensors.get(`grad.model.layers.0.${name}`) as FixtureTensor)).toBe(0);
  expect((await verifyFixture({ tensors, settings, device })).holds).toBe(true);
  const changed = altered(tensors, `final.model.layers.0.${name}`, (x) => x * 1.002);
  expect((await verifyFixture({ tensors: changed, settings, device })).holds).toBe(false);
});

test('a tied head may be written out, and says the same as the embeddings', async () => {
  const { tensors, settings } = load('gpt2-tiny');
  const head = (kind: string) => tensors.get(`${kind}.transformer.wte.weight`) as FixtureTensor;
  const twice = new Map(tensors)
    .set('param.lm_head.weight', head('param'))
    .set('final.lm_head.weight', head('final'));
  expect((await verifyFixture({ tensors: twice, settings, device })).holds).toBe(true);
  twice.set('param.lm_head.weight', head('final'));
  await expect(verifyFixture({ tensors: twice, settings, device })).rejects.toThrow(/lm_head/);
});

test('biases that are off may be written out as zeros, and as nothing else', async () => {
  const { tensors, settings } = await made(gpt2Config({ bias: false }), 4);
  const name = 'param.transformer.h.0.mlp.c_fc.bias';
  const withZeros = new Map(tensors).set(name, { shape: [32], values: new Float32Array(32) });
  expect((await verifyFixture({ tensors: withZeros, settings, device })).holds).toBe(true);
  withZeros.set(name, { shape: [32], values: new Float32Array(32).fill(0.1) });
  await expect(verifyFixture({ tensors: withZeros, settings, device })).rejects.toThrow(/c_fc\.bias/);
});
