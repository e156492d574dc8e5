import { expect, test } from 'vitest';
import type { TrainingSpec } from '../../src/engine/training/spec.ts';
import type { Entrant } from '../contest/calls.ts';
import { HOW_TO_GET_TORCH, pythonWithTorch } from '../contest/python-actor.ts';
import { Stage } from '../contest/stage.ts';
import { workload } from '../workload/workload.ts';
import { recipeBars, type Trained } from './contest.ts';

const ours: Entrant = { engine: 'anneal', device: 'wasm', where: 'node' };
const pytorch: Entrant = { engine: 'pytorch', device: 'cpu', where: 'native' };

function trained(entrant: Entrant, seed: number, seconds: number, val_loss: number): Trained {
  return { entrant, seed, result: { seconds, val_loss, last_loss: 2, tokens: 100 } };
}

test('losses are compared by their means, times by pairs of one seed', () => {
  const bars = recipeBars([
    trained(ours, 1, 20, 1.9),
    trained(pytorch, 1, 10, 1.88),
    trained(pytorch, 2, 100, 1.9),
    trained(ours, 2, 90, 1.9),
    trained(ours, 3, 12, 1.9),
    trained(pytorch, 3, 10, 1.9),
    trained(ours, 4, 1, 9), // its pair never came to an end
  ]);
  expect(bars.map(({ value }) => Number(value.toFixed(4)))).toEqual([0.0067, 1.2]);
  expect(recipeBars([trained(ours, 1, 20, 1.9)])).toEqual([]);
});

test.skipIf(pythonWithTorch() === null)(
  `PyTorch and we count the same loss over the same tokens, a rest of a block among them (${HOW_TO_GET_TORCH})`,
  async () => {
    const text = 'To be, or not to be, that is the question. '.repeat(40);
    const { model, optimizer } = workload('small', 'gpt2');
    const spec: TrainingSpec = {
      model: { ...model, vocab_size: new Set(text).size, n_layer: 1 } as TrainingSpec['model'],
      optimizer,
      schedule: {
        lr_scheduler_type: 'constant',
        learning_rate: 1e-3,
        min_lr: 0,
        warmup_steps: 0,
        max_steps: 1,
      },
      per_device_train_batch_size: 2,
      gradient_accumulation_steps: 1,
      max_steps: 1,
      eval_steps: 0,
      eval_batches: null,
      save_steps: 0,
      early_stopping_patience: 0,
      seed: 1,
      sampling: { prompt: 'T', max_new_tokens: 0, temperature: 1, top_k: 0, top_p: 1, seed: 1, stop: [] },
    };
    const stage = new Stage();
    try {
      const evaluate = async (entrant: Entrant) =>
        (await stage.start(entrant)).call('evaluate_recipe', {
          ...{ entrant, spec, text, validation_split: 0.1, seed: 5, steps: 1 },
        });
      const [mine, theirs] = [await evaluate(ours), await evaluate(pytorch)];
      expect(mine.tokens).toBe(Math.ceil(text.length * 0.1) - 1);
      expect(theirs.tokens).toBe(mine.tokens);
      expect(theirs.val_loss).toBeCloseTo(mine.val_loss, 4);
    } finally {
      await stage.close();
    }
  },
  240_000, // importing PyTorch takes most of it, on a machine at work a minute
);
