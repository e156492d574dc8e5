import { describe, expect, it } from 'vitest';
import { planTrainingStep } from '../../engine/training/step.ts';
import { readConfig } from '../config/read.ts';
import { SAMPLE } from '../config/testing/configs.ts';
import { planStep } from './step-plan.ts';
import { toTrainingSpec } from './training-spec.ts';
import { reduce, vary } from './variations.ts';

const specOf = (text: string, train_tokens: number | null = null) =>
  toTrainingSpec(readConfig(text).config, { vocab_size: 65, train_tokens });

describe('toTrainingSpec', () => {
  it('decides everything that the loop needs', () => {
    expect(specOf(SAMPLE)).toEqual({
      model: {
        model_type: 'gpt2',
        vocab_size: 65,
        n_positions: 64,
        n_embd: 128,
        n_layer: 4,
        n_head: 4,
        n_inner: null,
        activation_function: 'gelu_new',
        bias: true,
        embd_pdrop: 0.1,
        attn_pdrop: 0.1,
        resid_pdrop: 0.1,
        layer_norm_epsilon: 1e-5,
        initializer_range: 0.02,
        tie_word_embeddings: true,
      },
      optimizer: {
        optim: 'adamw',
        weight_decay: 0,
        adam_beta1: 0.9,
        adam_beta2: 0.999,
        adam_epsilon: 1e-8,
        max_grad_norm: 1,
      },
      schedule: {
        lr_scheduler_type: 'cosine',
        learning_rate: 1e-3,
        min_lr: 0,
        warmup_steps: 100,
        max_steps: 2000,
      },
      per_device_train_batch_size: 12,
      gradient_accumulation_steps: 1,
      max_steps: 2000,
      gradient_checkpointing: false,
      eval_steps: 250,
      eval_batches: 20,
      save_steps: 100,
      early_stopping_patience: 0,
      seed: 1337,
      sampling: {
        prompt: 'Once',
        max_new_tokens: 100,
        temperature: 1,
        top_k: 50,
        top_p: 1,
        seed: 42,
        stop: [],
      },
    });
  });

  it("takes the model's own vocabulary before the tokenizer's", () => {
    expect(specOf('model: { vocab_size: 128 }')?.model.vocab_size).toBe(128);
  });

  it('gives a llama as many key heads as heads where nothing else is said', () => {
    expect(specOf('model: { model_type: llama }')?.model).toMatchObject({
      num_key_value_heads: 32,
      head_dim: null,
    });
  });

  it('ends cosine_with_min_lr at a tenth where min_lr is left out', () => {
    expect(specOf('training: { lr_scheduler_type: cosine_with_min_lr }')?.schedule.min_lr).toBeCloseTo(
      1e-4,
      12,
    );
    expect(specOf('training: { lr_scheduler_type: cosine_with_min_lr, min_lr: 0 }')?.schedule.min_lr).toBe(0);
  });

  it('rounds a share of warm-up up, and runs 1000 updates where no length is given', () => {
    expect(specOf('training: { warmup_ratio: 0.0101 }')?.schedule).toMatchObject({
      max_steps: 1000,
      warmup_steps: 11,
    });
  });

  it('needs the tokens where the length is in epochs', () => {
    const text =
      'model: { n_positions: 10 }\ntraining: { num_train_epochs: 1.5, per_device_train_batch_size: 4, gradient_accumulation_steps: 2 }';
    expect(specOf(text)).toBeNull();
    // 1,000 tokens are 99 sequences of 10 with a start that moves.
    expect(specOf(text, 1000)?.max_steps).toBe(Math.ceil((99 * 1.5) / 8));
  });
});

describe('the plan', () => {
  it('is that of the step that trains', () => {
    const { config } = readConfig(SAMPLE);
    const spec = specOf(SAMPLE);
    const plan = planStep(config, 65);
    if (spec === null) throw new Error('The sample can be trained.');
    // No device is named: memory is that of a pool, which is the most that any of them holds.
    const sizes = { batch: 12, context: 64, accumulation: 1, device_memory: 'pool' } as const;
    const step = planTrainingStep({ ...spec, ...sizes });
    expect(plan.bytes).toEqual(step.memory);
    expect(plan.flops_per_step).toBe(step.flops);
    expect(plan.largest?.fields).toContain('n_positions');
  });

  it('finds the mildest reduction: the largest batch of the same effective batch first', () => {
    const config = vary(readConfig(SAMPLE).config, {
      'training.per_device_train_batch_size': 12,
      'training.gradient_accumulation_steps': 5,
    });
    const below = (limit: number) =>
      reduce(config, ({ training }) => training.per_device_train_batch_size <= limit);
    expect(below(11)).toEqual({
      'training.per_device_train_batch_size': 10,
      'training.gradient_accumulation_steps': 6,
    });
    expect(below(1)).toEqual({
      'training.per_device_train_batch_size': 1,
      'training.gradient_accumulation_steps': 60,
    });
    expect(below(0)).toBeNull();
    const shorter = reduce(config, ({ model }) => model.model_type === 'gpt2' && model.n_positions <= 40);
    expect(shorter).toMatchObject({ 'model.n_positions': 32, 'training.per_device_train_batch_size': 1 });
  });
});
