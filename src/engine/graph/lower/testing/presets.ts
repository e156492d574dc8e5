import { gpt2Config, llamaConfig } from '../../../models/testing/configs.ts';
import { adamW } from '../../../optimizers/testing/configs.ts';
import type { ModelConfig } from '../../../training/spec.ts';
import { planTrainingStep } from '../../../training/step.ts';
import type { Program, StateSpec } from '../../ir.ts';

/** The workloads that the engine's figures are about. */
export const PRESETS = {
  small: { layers: 4, heads: 4, width: 128, context: 64, batch: 12 },
  medium: { layers: 6, heads: 6, width: 384, context: 256, batch: 4 },
} as const;

export function presetModel(type: ModelConfig['model_type'], preset: keyof typeof PRESETS): ModelConfig {
  const { layers, heads, width, context } = PRESETS[preset];
  if (type === 'gpt2') {
    return gpt2Config({
      vocab_size: 65,
      n_positions: context,
      n_embd: width,
      n_layer: layers,
      n_head: heads,
    });
  }
  return llamaConfig({
    vocab_size: 65,
    max_position_embeddings: context,
    hidden_size: width,
    intermediate_size: Math.round((8 * width) / 3 / 64) * 64,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
  });
}

export function presetStep(
  type: ModelConfig['model_type'],
  preset: keyof typeof PRESETS,
): { readonly program: Program; readonly state: readonly StateSpec[] } {
  const { batch, context } = PRESETS[preset];
  const optimizer = adamW({ adam_beta2: 0.99 });
  const request = { model: presetModel(type, preset), optimizer, batch, context, accumulation: 1 };
  const { update, state } = planTrainingStep(request);
  if (update?.mode !== 'fused' || state === null) throw new Error('the preset has a step');
  return { program: update.step, state };
}
