import { gpt2Config, llamaConfig } from '../../models/testing/configs.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import type { TrainingSpec } from '../spec.ts';

export const tinyGpt2 = gpt2Config({ vocab_size: 17, n_positions: 8 });

export const tinyLlama = llamaConfig({ vocab_size: 17, max_position_embeddings: 8 });

export const tinySpec: TrainingSpec = {
  model: tinyGpt2,
  optimizer: adamW(),
  schedule: {
    lr_scheduler_type: 'cosine',
    learning_rate: 1e-2,
    min_lr: 0,
    warmup_steps: 2,
    max_steps: 12,
  },
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 1,
  max_steps: 12,
  eval_steps: 4,
  eval_batches: null,
  save_steps: 0,
  early_stopping_patience: 0,
  seed: 1337,
  sampling: { prompt: 'a', max_new_tokens: 5, temperature: 1, top_k: 0, top_p: 1, seed: 1, stop: [] },
};

/** With everything that a resume could get wrong, and enough updates to be killed in. */
export const killedSpec: TrainingSpec = {
  ...tinySpec,
  model: { ...tinyGpt2, embd_pdrop: 0.1, attn_pdrop: 0.1, resid_pdrop: 0.1 },
  gradient_accumulation_steps: 2,
  max_steps: 30,
  save_steps: 2,
  schedule: { ...tinySpec.schedule, max_steps: 30 },
};
