import { describe, expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { buildDecodeStep } from '../../models/decode.ts';
import { gpt2Config, llamaConfig } from '../../models/testing/configs.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import { updateFeeds } from '../../optimizers/update.ts';
import type { ModelConfig } from '../../training/spec.ts';
import { buildGradients, buildTrainingStep } from '../../training/step.ts';
import type { Program, StateSpec } from '../ir.ts';
import { lower } from './lower.ts';
import { stateLayout } from './state-layout.ts';
import { expectAgreement } from './testing/agree.ts';
import type { Values } from './testing/run-plan.ts';

const adamw = adamW();

const models: readonly (readonly [string, ModelConfig])[] = [
  ['gpt2', gpt2Config()],
  ['gpt2 without biases', gpt2Config({ bias: false, activation_function: 'gelu' })],
  ['gpt2 with a head of its own', gpt2Config({ tie_word_embeddings: false, n_layer: 1 })],
  ['gpt2 with dropout', gpt2Config({ embd_pdrop: 0.2, attn_pdrop: 0.2, resid_pdrop: 0.2 })],
  ['gpt2 on a part of its positions', gpt2Config({ n_positions: 9 })],
  ['llama', llamaConfig()],
  ['llama with shared tables', llamaConfig({ tie_word_embeddings: true, num_key_value_heads: 4 })],
  ['llama with biases', llamaConfig({ attention_bias: true, attention_output_bias: true })],
  ['llama with dropout', llamaConfig({ attention_dropout: 0.2 })],
];

const SIZES = { batch: 2, context: 6 };

function feeds(seed: number): Values {
  const random = new Random(seed);
  const ids = () => Int32Array.from({ length: 12 }, () => random.below(11));
  const labels = ids();
  labels[3] = -100;
  return {
    ...Object.fromEntries(
      Object.entries(updateFeeds(adamw, 0.01, 3)).map(([name, value]) => [name, [value as number]]),
    ),
    input_ids: ids(),
    labels,
    seed: [7],
    inverse_label_count: [1 / 11],
  };
}

/** Parameters near 0, moments as after some steps. */
function values(state: readonly StateSpec[], seed: number): Values {
  const random = new Random(seed);
  return Object.fromEntries(
    state.map(({ name, shape }) => {
      const isSquare = name.startsWith('adam.v.');
      const draw = (): number => (isSquare ? random.normal() ** 2 * 1e-4 : 0.2 * random.normal());
      return [name, Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw)];
    }),
  );
}

function expectBoth(program: Program, state: readonly StateSpec[]): void {
  const own = state.filter((spec) => spec.name in program.state);
  expectAgreement(program, lower(program), feeds(1), values(own, 2), 'fused');
  expectAgreement(program, lower(program, { fuse: false }), feeds(1), values(own, 2), 'unfused');
  const chunked = lower(program, { logits_chunk_bytes: 256 }); // 12 rows of 44 bytes
  expectAgreement(program, chunked, feeds(1), values(own, 2), 'with logits in chunks');
  const stacked = lower(program, { layout: stateLayout(state) });
  expectAgreement(program, stacked, feeds(1), values(state, 2), 'with weights side by side');
}

describe.each(models)('%s', (_name, model) => {
  test('a training step computes what reference computes', () => {
    const step = buildTrainingStep({ model, optimizer: adamw, ...SIZES, accumulation: 1 });
    if (step.update.mode !== 'fused') throw new Error('mode');
    expectBoth(step.update.step, step.state);
    const { calls } = lower(step.update.step);
    const chunked = lower(step.update.step, { logits_chunk_bytes: 256 });
    expect(chunked.calls.filter((call) => call.kernel === 'cross_entropy')).toHaveLength(2);
    expect(chunked.arena.logits).toBe(512); // 8 rows, aligned
    expect(calls.filter((call) => call.kernel === 'adamw')).toHaveLength(1);
    expect(calls.filter((call) => call.kernel === 'sum_squares')).toHaveLength(1);
  });

  test('so does one that recomputes its activations, in less memory', () => {
    const request = { model, optimizer: adamw, ...SIZES, accumulation: 1 };
    const kept = buildTrainingStep(request);
    const again = buildTrainingStep({ ...request, gradient_checkpointing: true });
    if (kept.update.mode !== 'fused' || again.update.mode !== 'fused') throw new Error('mode');
    expectBoth(again.update.step, again.state);
    const [more, less] = [lower(kept.update.step), lower(again.update.step)];
    expect(less.arena_bytes).toBeLessThanOrEqual(more.arena_bytes);
  });

  test('so does one with loss scaling, in as few calls but for those over the scale', () => {
    const request = { model, optimizer: adamw, ...SIZES, accumulation: 1 };
    const single = buildTrainingStep(request);
    const half = buildTrainingStep({ ...request, dtype: 'float16' });
    if (single.update.mode !== 'fused' || half.update.mode !== 'fused') throw new Error('mode');
    expectBoth(half.update.step, half.state);
    const [without, scaled] = [lower(single.update.step).calls, lower(half.update.step).calls];
    expect(scaled.filter(({ kernel }) => kernel !== 'elementwise').map(({ kernel }) => kernel)).toEqual(
      without.filter(({ kernel }) => kernel !== 'elementwise').map(({ kernel }) => kernel),
    );
    expect(scaled.length).toBeLessThanOrEqual(without.length + 3);
    expect(scaled.find(({ kernel }) => kernel === 'adamw')?.attributes).toMatchObject({ guarded: true });
    const accumulated = buildTrainingStep({ ...request, dtype: 'float16', accumulation: 2 });
    if (accumulated.update.mode !== 'accumulated') throw new Error('mode');
    for (const program of [accumulated.update.accumulate, accumulated.update.apply])
      expectBoth(program, accumulated.state);
  });

  test('so do the programs of accumulated gradients, of evaluation and of logits', () => {
    const step = buildTrainingStep({ model, optimizer: adamw, ...SIZES, accumulation: 2 });
    if (step.update.mode !== 'accumulated') throw new Error('mode');
    for (const program of [step.update.accumulate, step.update.apply, step.evaluate, step.logits]) {
      expectBoth(program, step.state);
    }
  });
});

test.each(models)('%s decodes, and gives gradients to be verified, as on reference', (_name, model) => {
  const gradients = buildGradients({ model, ...SIZES });
  const { state } = buildTrainingStep({ model, optimizer: adamw, ...SIZES, accumulation: 1 });
  expectBoth(gradients, state);
  const batch = 2;
  for (const block of [1, 3]) {
    for (const result of [{ type: 'logits' }, { type: 'token', vocab_size: 9 }, { type: 'cache' }] as const) {
      const decode = buildDecodeStep({ model, batch, block, capacity: 6, result });
      const random = new Random(block);
      const fed = {
        input_ids: Int32Array.from({ length: batch * block }, () => random.below(11)),
        position: [2, 0],
        positions: Array.from({ length: batch * block }, (_, i) => (i < block ? 2 + i : i - block)),
        ...{ uniform: [0.3, 0.9], temperature: [0.8], top_k: [5], top_p: [0.9] },
      };
      const held = values(decode.state, 4);
      for (const plan of [lower(decode.program), lower(decode.program, { fuse: false })]) {
        expectAgreement(decode.program, plan, fed, held, `block ${block}, ${result.type}`);
      }
    }
  }
});

test('queries, keys and values of llama, whose weights lie side by side, are one product and one gradient', () => {
  const model = llamaConfig({ num_key_value_heads: 4 });
  const step = buildTrainingStep({ model, optimizer: adamw, ...SIZES, accumulation: 1 });
  if (step.update.mode !== 'fused') throw new Error('mode');
  const program = step.update.step;
  const layout = stateLayout(step.state);
  const { calls, tensors } = lower(program, { layout });
  const stacks = calls.flatMap(({ inputs }) =>
    inputs.flatMap((id) => {
      const place = tensors[id]?.place;
      return place?.in === 'state' && place.then !== undefined ? [[place.name, ...place.then]] : [];
    }),
  );
  const names = [0, 1].map((layer) =>
    ['q', 'k', 'v'].map((part) => `model.layers.${layer}.self_attn.${part}_proj.weight`),
  );
  expect(stacks).toEqual([names[0], names[1], names[1], names[0]]);
  // Nothing is between the parameters of a session but what it has: others would be, and then it is not done.
  const between = {
    ...step.state[0],
    name: 'between',
    kind: 'parameter',
    dtype: 'f32',
    shape: [8, 8],
  } as const;
  const apart = stateLayout(
    step.state.flatMap((spec) =>
      spec.name.endsWith('k_proj.weight') && spec.kind === 'parameter'
        ? [{ ...between, name: `before ${spec.name}` }, spec]
        : [spec],
    ),
  );
  expect(lower(program, { layout: apart }).calls).toHaveLength(lower(program).calls.length);
  expect(calls.length).toBe(lower(program).calls.length - 2 * 4);
});

test.each(['sgd', 'lion', 'muon'] as const)('%s updates as on reference', (optim) => {
  for (const model of [gpt2Config(), llamaConfig()]) {
    for (const accumulation of [1, 2]) {
      const step = buildTrainingStep({ model, optimizer: { ...adamw, optim }, ...SIZES, accumulation });
      const programs =
        step.update.mode === 'fused' ? [step.update.step] : [step.update.accumulate, step.update.apply];
      for (const program of programs) expectBoth(program, step.state);
    }
  }
});
