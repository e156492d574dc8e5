import { expect, test } from 'vitest';
import type { ModelConfig, TrainingSpec } from './spec.ts';
import { tinyDeps } from './testing/harness.ts';
import { tinyGpt2, tinyLlama, tinySpec } from './testing/specs.ts';
import { train } from './train.ts';

/**
 * PyTorch 2.13 with transformers 5.18 (AutoModelForCausalLM, AdamW with decay on matrices alone,
 * clip_grad_norm_, get_scheduler('cosine')), started from the folder of the run's first checkpoint and fed
 * the batches of its data order: [update, loss, norm of the gradient, learning rate] and validation losses.
 */
const expected: [string, ModelConfig, [number, number, number, number][], [number, number][]][] = [
  [
    'gpt2',
    tinyGpt2,
    [
      [1, 2.836667, 0.792611, 0],
      [2, 2.8362, 0.867399, 0.002],
      [5, 2.784823, 0.824514, 0.008],
      [10, 2.565571, 0.799862, 0.009681174],
      [20, 2.317582, 1.006706, 0.006545085],
      [30, 1.979836, 0.73889, 0.002245515],
      [40, 1.937566, 0.8424, 2.012853e-5],
    ],
    [
      [20, 2.181915],
      [40, 1.973789],
    ],
  ],
  [
    'llama',
    tinyLlama,
    [
      [1, 2.828299, 1.040976, 0],
      [2, 2.814612, 0.975474, 0.002],
      [5, 2.704646, 0.824945, 0.008],
      [10, 2.466998, 0.877218, 0.009681174],
      [20, 2.1128, 0.944784, 0.006545085],
      [30, 1.694102, 0.79227, 0.002245515],
      [40, 1.726971, 0.806671, 2.012853e-5],
    ],
    [
      [20, 1.967775],
      [40, 1.695802],
    ],
  ],
];

test.each(expected)(
  '%s: 40 updates of the whole loop are those of PyTorch',
  async (_, model, updates, evals) => {
    const spec: TrainingSpec = {
      ...tinySpec,
      model,
      max_steps: 40,
      gradient_accumulation_steps: 3,
      eval_steps: 20,
      schedule: { ...tinySpec.schedule, warmup_steps: 5, max_steps: 40 },
    };
    const deps = tinyDeps();
    await train(spec, deps);
    for (const [step, loss, grad_norm, learning_rate] of updates) {
      const event = deps.events.find((e) => e.type === 'step' && e.step === step);
      if (event?.type !== 'step') throw new Error(`no update ${step}`);
      expect(event.loss).toBeCloseTo(loss, 5);
      expect(event.grad_norm).toBeCloseTo(grad_norm, 5);
      expect(event.learning_rate).toBeCloseTo(learning_rate, 8);
    }
    for (const [step, val_loss] of evals) {
      const event = deps.events.find((e) => e.type === 'eval' && e.step === step);
      if (event?.type !== 'eval') throw new Error(`no evaluation at ${step}`);
      expect(event.val_loss).toBeCloseTo(val_loss, 5);
    }
  },
);
