import type { ModelConfig, OptimizerConfig } from '../../../training/spec.ts';
import { planTrainingStep } from '../../../training/step.ts';
import type { Program, StateSpec } from '../../ir.ts';

/** The workloads that the engine's figures are about. */
export const PRESETS = {
  small: { layers: 4, heads: 4, width: 128, context: 64, batch: 12 },
  medium: { layers: 6, heads: 6, width: 384, context: 256, batch: 4 },
} as const;

const optimizer: OptimizerConfig = {
  optim: 'adamw',
  weight_decay: 0.1,
  adam_beta1: 0.9,
  adam_beta2: 0.99,
  adam_epsilon: 1e-8,
  max_grad_norm: 1,
};

export function presetModel(type: ModelConfig['model_type'], preset: keyof typeof PRESETS): ModelConfig {
  const { layers, heads, width, context } = PRESETS[preset];
  if (type === 'gpt2') {
    return {
      model_type: 'gpt2',
      vocab_size: 65,
      n_positions: context,
      n_embd: width,
      n_layer: layers,
      n_head: heads,
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
  }
  return {
    model_type: 'llama',
    vocab_size: 65,
    max_position_embeddings: context,
    hidden_size: width,
    intermediate_size: Math.round((8 * width) / 3 / 64) * 64,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    head_dim: null,
    rope_theta: 10000,
    rms_norm_eps: 1e-6,
    attention_bias: false,
    attention_output_bias: false,
    attention_dropout: 0,
    initializer_range: 0.02,
    tie_word_embeddings: false,
  };
}

export function presetStep(
  type: ModelConfig['model_type'],
  preset: keyof typeof PRESETS,
): { readonly program: Program; readonly state: readonly StateSpec[] } {
  const { batch, context } = PRESETS[preset];
  const request = { model: presetModel(type, preset), optimizer, batch, context, accumulation: 1 };
  const { update, state } = planTrainingStep(request);
  if (update?.mode !== 'fused' || state === null) throw new Error('the preset has a step');
  return { program: update.step, state };
}
