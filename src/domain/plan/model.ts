import type { ModelConfig } from '../../engine/training/spec.ts';
import type { ModelSection } from '../config/schema.ts';

/** The engine's model for a config's, once the size of the vocabulary is known. */
export function toModelConfig(model: ModelSection, vocab_size: number): ModelConfig {
  if (model.model_type === 'gpt2') return { ...model, vocab_size };
  const num_key_value_heads = model.num_key_value_heads ?? model.num_attention_heads;
  return { ...model, vocab_size, num_key_value_heads };
}

/** A size by the name that its field has in this kind of model. */
export interface NamedSize {
  readonly field: string;
  readonly value: number;
}

export interface ModelSizes {
  readonly context: NamedSize;
  readonly width: NamedSize;
  readonly layers: NamedSize;
  readonly heads: NamedSize;
}

/** The only place outside the engine that knows what each kind of model calls its sizes. */
export function sizesOf(model: ModelSection): ModelSizes {
  if (model.model_type === 'gpt2') {
    return {
      context: { field: 'n_positions', value: model.n_positions },
      width: { field: 'n_embd', value: model.n_embd },
      layers: { field: 'n_layer', value: model.n_layer },
      heads: { field: 'n_head', value: model.n_head },
    };
  }
  return {
    context: { field: 'max_position_embeddings', value: model.max_position_embeddings },
    width: { field: 'hidden_size', value: model.hidden_size },
    layers: { field: 'num_hidden_layers', value: model.num_hidden_layers },
    heads: { field: 'num_attention_heads', value: model.num_attention_heads },
  };
}
