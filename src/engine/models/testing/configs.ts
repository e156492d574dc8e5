import type { Gpt2Config, LlamaConfig } from '../../training/spec.ts';

/** GPT-2's config with small sizes. */
export function gpt2Config(changes: Partial<Gpt2Config> = {}): Gpt2Config {
  return {
    model_type: 'gpt2',
    vocab_size: 11,
    n_positions: 6,
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
    ...changes,
  };
}

/** Llama's config with small sizes. */
export function llamaConfig(changes: Partial<LlamaConfig> = {}): LlamaConfig {
  return {
    model_type: 'llama',
    vocab_size: 11,
    max_position_embeddings: 6,
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
    ...changes,
  };
}
