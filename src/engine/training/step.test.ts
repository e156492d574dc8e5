import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import type { Feeds, Session } from '../device.ts';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { formatDim } from '../graph/dim.ts';
import { expand } from '../graph/expand.ts';
import { countFlops } from '../graph/flops.ts';
import type { Program } from '../graph/ir.ts';
import { planMemory } from '../graph/memory-plan.ts';
import { simplify } from '../graph/simplify.ts';
import { initialise } from '../models/initialise.ts';
import { countParameters, parameterSpecs } from '../models/parameters.ts';
import { gpt2Config, llamaConfig } from '../models/testing/configs.ts';
import { adamW } from '../optimizers/testing/configs.ts';
import { updateFeeds } from '../optimizers/update.ts';
import type { ModelConfig } from './spec.ts';
import { buildLogits, buildTrainingStep, IGNORE_INDEX, planTrainingStep } from './step.ts';

const optimizer = adamW();

async function open(model: ModelConfig, batch: number, accumulation: number) {
  const step = buildTrainingStep({ model, optimizer, batch, context: 6, accumulation });
  const session = await createReferenceDevice({ precision: 'f64' }).open(step.state);
  for (const spec of parameterSpecs(model)) await session.write(spec.name, initialise(spec, 5));
  return { step, session };
}

async function once(session: Session, program: Program, feeds: Feeds) {
  return (await session.compile(program)).run(feeds);
}

function drawn(seed: number, count: number): Int32Array {
  const random = new Random(seed);
  return Int32Array.from({ length: count }, () => random.below(11));
}

test.each([gpt2Config(), llamaConfig()])(
  '$model_type: micro-batches add up to the one large batch',
  async (model) => {
    const input_ids = drawn(1, 24);
    const labels = drawn(2, 24);
    labels.fill(IGNORE_INDEX, 0, 5); // the micro-batches do not weigh the same
    const large = await open(model, 4, 1);
    const small = await open(model, 1, 4);
    if (large.step.update.mode !== 'fused' || small.step.update.mode !== 'accumulated')
      throw new Error('modes');
    const inverse_label_count = 1 / 19;
    for (let update = 1; update <= 3; update++) {
      const hyper = updateFeeds(optimizer, 0.01, update);
      const whole = await once(large.session, large.step.update.step, {
        input_ids,
        labels,
        inverse_label_count,
        ...hyper,
      });
      for (let part = 0; part < 4; part++) {
        const of = (values: Int32Array): Int32Array => values.subarray(part * 6, part * 6 + 6);
        await once(small.session, small.step.update.accumulate, {
          input_ids: of(input_ids),
          labels: of(labels),
          inverse_label_count,
        });
      }
      const sum = await once(small.session, small.step.update.apply, hyper);
      expect(sum.loss?.[0]).toBeCloseTo(whole.loss?.[0] as number, 6);
      expect(sum.grad_norm?.[0]).toBeCloseTo(whole.grad_norm?.[0] as number, 5);
    }
    for (const { name } of parameterSpecs(model)) {
      const a = await large.session.read(name);
      const b = await small.session.read(name);
      a.forEach((value, i) => {
        expect(b[i]).toBeCloseTo(value, 6);
      });
      expect(new Set(await small.session.read(`grad.${name}`))).toEqual(new Set([0]));
    }
    expect([...(await small.session.read('loss_sum'))]).toEqual([0]);
  },
);

test('positions with the label -100 change nothing', async () => {
  const model = gpt2Config();
  const { step, session } = await open(model, 1, 1);
  if (step.update.mode !== 'fused') throw new Error('mode');
  const labels = Int32Array.of(1, 2, 3, -100, -100, -100);
  const run = async (tail: readonly number[]) =>
    once(session, step.evaluate, { input_ids: Int32Array.of(4, 5, 6, ...tail), labels });
  const first = await run([7, 8, 9]);
  const second = await run([0, 0, 0]);
  expect(second.loss_sum).toEqual(first.loss_sum);
  expect(first.loss_sum?.[0]).toBeCloseTo(3 * Math.log(11), 0); // untrained: all tokens alike
  const feeds = { labels, inverse_label_count: 1 / 3, ...updateFeeds(optimizer, 0, 1) };
  const trained = await once(session, step.update.step, {
    input_ids: Int32Array.of(4, 5, 6, 7, 8, 9),
    ...feeds,
  });
  expect(trained.loss?.[0]).toBeCloseTo((first.loss_sum?.[0] as number) / 3, 6);
});

test('training memorises a batch, and is the same each time', async () => {
  const model = llamaConfig({ hidden_size: 16 });
  const losses = async (): Promise<number[]> => {
    const { step, session } = await open(model, 2, 1);
    if (step.update.mode !== 'fused') throw new Error('mode');
    const executable = await session.compile(step.update.step);
    const found: number[] = [];
    for (let update = 1; update <= 60; update++) {
      const hyper = updateFeeds(optimizer, 0.02, update);
      const out = await executable.run({
        input_ids: drawn(1, 12),
        labels: drawn(2, 12),
        inverse_label_count: 1 / 12,
        ...hyper,
      });
      found.push(out.loss?.[0] as number);
    }
    return found;
  };
  const first = await losses();
  expect(first.at(-1)).toBeLessThan(0.1);
  expect(await losses()).toEqual(first);
});

test('dropout follows the seed that flows in, and is off when evaluating', async () => {
  const model = gpt2Config({ attn_pdrop: 0.3, resid_pdrop: 0.3, embd_pdrop: 0.3 });
  const { step, session } = await open(model, 1, 1);
  if (step.update.mode !== 'fused') throw new Error('mode');
  expect(Object.keys(step.update.step.inputs)).toContain('seed');
  expect(Object.keys(step.evaluate.inputs).sort()).toEqual(['input_ids', 'labels']);
  const { nodes } = simplify(expand(step.update.step));
  const masks = nodes.filter((node) => node.op === 'dropout_mask');
  const streams = masks.map((node) => node.attributes.stream);
  expect(streams.length).toBe(7); // embeddings, then attention, its projection and the MLP of two layers
  expect(new Set(streams).size).toBe(7);
  const executable = await session.compile(step.update.step);
  const loss = async (seed: number): Promise<number | undefined> => {
    const feeds = { input_ids: drawn(1, 6), labels: drawn(2, 6), inverse_label_count: 1 / 6, seed };
    return (await executable.run({ ...feeds, ...updateFeeds(optimizer, 0, 1) })).loss?.[0];
  };
  const first = await loss(1);
  expect(await loss(2)).not.toBe(first);
  expect(await loss(1)).toBe(first);
});

test('the number pre-flight shows is the number the device allocates', async () => {
  for (const accumulation of [1, 4]) {
    const step = buildTrainingStep({ model: gpt2Config(), optimizer, batch: 2, context: 6, accumulation });
    const session = await createReferenceDevice().open(step.state);
    const { update } = step;
    const programs = update.mode === 'fused' ? [update.step] : [update.accumulate, update.apply];
    for (const program of programs) await session.compile(program);
    expect(session.memoryBytes()).toBe(step.memory.total);
    const parameters = countParameters(gpt2Config());
    expect(step.memory.weights).toBe(4 * parameters);
    expect(step.memory.optimizer).toBe(8 * parameters);
    expect(step.memory.gradients).toBeGreaterThanOrEqual(4 * parameters);
    expect(step.memory.logits).toBeGreaterThanOrEqual(4 * 2 * 6 * 11);
    const { total, ...kinds } = step.memory;
    expect(Object.values(kinds).reduce((a, b) => a + b)).toBe(total);
  }
});

test('updates are written in place: beside batch and scalars, Adam needs no arena for parameters', () => {
  const step = buildTrainingStep({ model: gpt2Config(), optimizer, batch: 1, context: 6, accumulation: 2 });
  if (step.update.mode !== 'accumulated') throw new Error('mode');
  const { apply } = step.update;
  const { places } = planMemory(apply);
  for (const [name, id] of Object.entries(apply.updates)) {
    if (name === 'loss_sum') continue; // its old value is read back
    expect(places[id]).toEqual({ in: 'state', name });
  }
});

const published = gpt2Config({ vocab_size: 50257, n_positions: 1024, n_embd: 768, n_layer: 12, n_head: 12 });

test('matrix products of GPT-2 forward at 1024 tokens: 291,648,307,200 FLOPs', () => {
  const program = buildLogits({ model: published, batch: 1, context: 1024 });
  expect(countFlops(simplify(expand(program)), 'matmul')).toBe(291_648_307_200);
});

test('FLOPs of an update are about three forward passes, times the micro-batches', () => {
  const request = { model: published, optimizer, batch: 1, context: 1024, accumulation: 1 };
  const one = planTrainingStep(request).flops ?? 0;
  expect(one / 291_648_307_200).toBeGreaterThan(3);
  expect(one / 291_648_307_200).toBeLessThan(3.2);
  const four = planTrainingStep({ ...request, accumulation: 4 }).flops ?? 0;
  expect(four / one).toBeGreaterThan(3.9);
  expect(four / one).toBeLessThan(4);
});

test('all that does not fit is found at once, each with its reason', () => {
  const model = llamaConfig({ hidden_size: 30, num_attention_heads: 4, num_key_value_heads: 3 });
  const { issues, update, memory } = planTrainingStep({
    model,
    optimizer,
    batch: 2,
    context: 7,
    accumulation: 1,
  });
  expect([update, memory]).toEqual([null, null]);
  const said = issues.map(({ rule, left, right }) => `${formatDim(left)} ${rule} ${formatDim(right)}`);
  expect(said).toEqual([
    'hidden_size divisible num_attention_heads',
    'num_attention_heads divisible num_key_value_heads',
    'context at_most max_position_embeddings',
  ]);
  expect(issues[0]?.because[0]).toMatch(/^hidden_size \/ num_attention_heads must be whole because/);
  expect(() => buildTrainingStep({ model, optimizer, batch: 2, context: 7, accumulation: 1 })).toThrow(
    /hidden_size/,
  );
});

test('an odd head cannot be rotated; sizes below 1 are reported, not computed with', () => {
  const odd = planTrainingStep({
    model: llamaConfig({ head_dim: 3 }),
    optimizer,
    batch: 1,
    context: 4,
    accumulation: 1,
  });
  expect(odd.issues.map(({ left, right }) => `${formatDim(left)} / ${formatDim(right)}`)).toEqual([
    'head_dim / 2',
  ]);
  const empty = planTrainingStep({
    model: gpt2Config({ n_embd: 0, n_head: -1 }),
    optimizer,
    batch: 1,
    context: 4,
    accumulation: 1,
  });
  expect(empty.issues.map(({ rule, left }) => `${formatDim(left)} ${rule}`)).toEqual([
    'n_embd positive',
    'n_head positive',
  ]);
});

test.each([1, 4])(
  'one head size that is not whole is one issue, however many layers (accumulation %d)',
  (accumulation) => {
    const model = gpt2Config({ n_embd: 130, n_head: 4, n_layer: 12 });
    const { issues } = planTrainingStep({ model, optimizer, batch: 1, context: 4, accumulation });
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({
      rule: 'divisible',
      scope: 'transformer.h.0.attn',
      left: { value: 130 },
      right: { value: 4 },
    });
  },
);

test('a config of any sizes is planned or explained, never thrown at; sound ones have no issues', () => {
  const some = fc.integer({ min: -1, max: 40 });
  const large = fc.oneof(some, fc.integer({ min: 1, max: 2 ** 31 }));
  const layers = fc.integer({ min: 1, max: 3 });
  const sizes = fc.tuple(large, large, some, some, layers, large, large, fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(
      sizes,
      fc.boolean(),
      fc.constantFrom('adamw' as const, 'muon' as const),
      (drawn, llama, optim) => {
        const [vocab_size, positions, width, heads, n_layer, inner, batch, accumulation] = drawn;
        const model = llama
          ? llamaConfig({
              vocab_size,
              max_position_embeddings: positions,
              hidden_size: width,
              num_attention_heads: heads,
              num_key_value_heads: Math.min(heads, 3),
              num_hidden_layers: n_layer,
              intermediate_size: inner,
            })
          : gpt2Config({
              vocab_size,
              n_positions: positions,
              n_embd: width,
              n_head: heads,
              n_layer,
              n_inner: inner,
            });
        const request = {
          model,
          optimizer: { ...optimizer, optim },
          batch,
          context: positions,
          accumulation,
        };
        const plan = planTrainingStep(request);
        const whole = [vocab_size, positions, width, heads, inner, batch].every((size) => size > 0);
        const head = width / heads;
        const fits =
          Number.isInteger(head) && (!llama || (head % 2 === 0 && heads % Math.min(heads, 3) === 0));
        expect(plan.issues.length === 0).toBe(whole && fits);
        expect(plan.memory === null).toBe(plan.issues.length > 0);
        if (plan.memory !== null) {
          expect(plan.memory.weights / (4 * countParameters(model))).toBeCloseTo(1, 9);
          expect(Object.values(plan.memory).every((bytes) => bytes >= 0)).toBe(true);
          expect(plan.flops).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 300 },
  );
});
