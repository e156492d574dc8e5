import { expect, test } from 'vitest';
import type { Feeds } from '../device.ts';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { countFlops } from '../graph/flops.ts';
import type { Program } from '../graph/ir.ts';
import { initialise } from '../models/initialise.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { gpt2Config, llamaConfig } from '../models/testing/configs.ts';
import { updateFeeds } from '../optimizers/update.ts';
import type { ModelConfig } from './spec.ts';
import { buildTrainingStep } from './step.ts';
import { tinySpec } from './testing/specs.ts';

const { optimizer } = tinySpec;
const MODELS: readonly (readonly [string, ModelConfig])[] = [
  ['gpt2', gpt2Config({ n_layer: 3 })],
  ['gpt2 with dropout', gpt2Config({ embd_pdrop: 0.2, attn_pdrop: 0.3, resid_pdrop: 0.1 })],
  ['llama', llamaConfig({ num_hidden_layers: 3 })],
  ['llama with dropout', llamaConfig({ attention_dropout: 0.3 })],
];

const build = (model: ModelConfig, gradient_checkpointing: boolean, accumulation = 1, context = 6) =>
  buildTrainingStep({ model, optimizer, batch: 2, context, accumulation, gradient_checkpointing });

/** Every state after three updates, and every loss and norm on the way. */
async function train(model: ModelConfig, gradient_checkpointing: boolean, accumulation: number) {
  const step = build(model, gradient_checkpointing, accumulation);
  const session = await createReferenceDevice().open(step.state);
  for (const spec of parameterSpecs(model)) await session.write(spec.name, initialise(spec, 5));
  const { update } = step;
  const seen: unknown[] = [];
  const run = async (program: Program, feeds: Feeds): Promise<void> => {
    const ids = Int32Array.from({ length: 12 }, (_, i) => (i * 7) % 11);
    const batch = { input_ids: ids, labels: ids.slice().reverse(), inverse_label_count: 1 / 12, seed: 3 };
    seen.push(await (await session.compile(program)).run({ ...batch, ...feeds }));
  };
  for (let i = 1; i <= 3; i++) {
    const feeds = { ...updateFeeds(optimizer, 1e-2, i) };
    if (update.mode === 'fused') await run(update.step, feeds);
    else {
      for (let seed = 0; seed < accumulation; seed++) await run(update.accumulate, { seed });
      await run(update.apply, feeds);
    }
  }
  for (const { name } of step.state) seen.push([name, await session.read(name)]);
  return seen;
}

test.each(MODELS)('%s: recomputing changes no bit of any loss, gradient or parameter', async (_, model) => {
  for (const accumulation of [1, 2]) {
    expect(await train(model, true, accumulation)).toEqual(await train(model, false, accumulation));
  }
});

test.each([
  ['gpt2', gpt2Config({ n_layer: 12, n_positions: 64, n_embd: 32 })],
  ['gpt2 with dropout', gpt2Config({ n_layer: 12, n_positions: 64, n_embd: 32, resid_pdrop: 0.1 })],
  ['llama', llamaConfig({ num_hidden_layers: 12, max_position_embeddings: 64, hidden_size: 32 })],
] as const)('%s: twelve layers need less than half the activations, and a third more FLOPs', (_, model) => {
  const [with_, without] = [build(model, true, 1, 64), build(model, false, 1, 64)];
  expect(with_.memory.activations).toBeLessThan(without.memory.activations / 2);
  expect(with_.flops / without.flops).toBeGreaterThan(1.15);
  expect(with_.flops / without.flops).toBeLessThan(1.34);
  if (with_.update.mode !== 'fused' || without.update.mode !== 'fused') throw new Error('mode');
  const [again, once] = [with_.update.step, without.update.step];
  // The last product of a block is not needed for any gradient: what follows from it is only the output.
  const products = (program: Program): number => program.nodes.filter(({ op }) => op === 'matmul').length;
  const perBlock = model.model_type === 'gpt2' ? 3 : 6;
  expect(products(again) - products(once)).toBe(12 * perBlock);
  expect(countFlops(again, 'attention')).toBe(2 * countFlops(once, 'attention'));
});
