import type { Gpt2Config, LlamaConfig, TrainingSpec } from '../spec.ts';

export const tinyGpt2: Gpt2Config = {
  model_type: 'gpt2',
  vocab_size: 17,
  n_positions: 8,
  n_embd: 8,
  n_layer: 2,
  n_head: 2,
  n_inner: null,
  activation_function: 'gelu_new',
  bias: true,
  embd_pdrop: 0,
  attn_pdrop: 0,
  resid_pdrop: 0,
  layer_norm_epsilon: 1e-5,
  initializer_range: 0.02,
  tie_word_embeddings: true,
};

export const tinyLlama: LlamaConfig = {
  model_type: 'llama',
  vocab_size: 17,
  max_position_embeddings: 8,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: null,
  rope_theta: 10000,
  rms_norm_eps: 1e-6,
  attention_bias: false,
  attention_output_bias: false,
  attention_dropout: 0,
  initializer_range: 0.02,
  tie_word_embeddings: false,
};

export const tinySpec: TrainingSpec = {
  model: tinyGpt2,
  optimizer: {
    optim: 'adamw',
    weight_decay: 0.1,
    adam_beta1: 0.9,
    adam_beta2: 0.95,
    adam_epsilon: 1e-8,
    max_grad_norm: 1,
  },
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
