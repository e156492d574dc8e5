/**
 * What the training loop takes: everything decided, nothing of the config language. src/domain/plan
 * maps a config to it.
 */
export interface Gpt2Config {
  readonly model_type: 'gpt2';
  readonly vocab_size: number;
  readonly n_positions: number;
  readonly n_embd: number;
  readonly n_layer: number;
  readonly n_head: number;
  /** Null: 4 * n_embd. */
  readonly n_inner: number | null;
  readonly activation_function: 'gelu_new' | 'gelu' | 'relu';
  readonly bias: boolean;
  readonly embd_pdrop: number;
  readonly attn_pdrop: number;
  readonly resid_pdrop: number;
  readonly layer_norm_epsilon: number;
  readonly initializer_range: number;
  readonly tie_word_embeddings: boolean;
}

export interface LlamaConfig {
  readonly model_type: 'llama';
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  /** Null: hidden_size / num_attention_heads. */
  readonly head_dim: number | null;
  readonly rope_theta: number;
  readonly rms_norm_eps: number;
  /** Biases on the q, k and v projections. */
  readonly attention_bias: boolean;
  /** With attention_bias: one on the o projection too, as Hugging Face's LlamaForCausalLM has. */
  readonly attention_output_bias: boolean;
  readonly attention_dropout: number;
  readonly initializer_range: number;
  readonly tie_word_embeddings: boolean;
}

export type ModelConfig = Gpt2Config | LlamaConfig;

export type OptimizerConfig = {
  readonly optim: 'adamw' | 'sgd' | 'lion' | 'muon';
  /** Applied to parameters of 2 or more dimensions. */
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  /** 0: no clipping. */
  readonly max_grad_norm: number;
};

export type SchedulerType =
  | 'linear'
  | 'cosine'
  | 'cosine_with_min_lr'
  | 'constant'
  | 'constant_with_warmup'
  | 'polynomial'
  | 'inverse_sqrt';

export interface ScheduleConfig {
  readonly lr_scheduler_type: SchedulerType;
  readonly learning_rate: number;
  readonly min_lr: number;
  readonly warmup_steps: number;
  readonly max_steps: number;
}

export interface SamplingConfig {
  readonly prompt: string;
  readonly max_new_tokens: number;
  /** 0: greedy. */
  readonly temperature: number;
  /** 0: off. */
  readonly top_k: number;
  /** 1: off. */
  readonly top_p: number;
  readonly seed: number;
  readonly stop: readonly string[];
}

export interface TrainingSpec {
  readonly model: ModelConfig;
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleConfig;
  readonly per_device_train_batch_size: number;
  readonly gradient_accumulation_steps: number;
  /** Recomputes activations in the backward pass to save memory; false where it is not said. */
  readonly gradient_checkpointing?: boolean;
  /** Storage of what is computed on the way, where the device has halves; float32 where it is not said. */
  readonly dtype?: 'float16' | undefined;
  /** Updates. */
  readonly max_steps: number;
  /** 0: never. */
  readonly eval_steps: number;
  /** Batches per evaluation; null: the whole validation part. */
  readonly eval_batches: number | null;
  readonly save_steps: number;
  /** Evaluations without improvement before the run ends; 0: never. */
  readonly early_stopping_patience: number;
  readonly seed: number;
  readonly sampling: SamplingConfig;
}
