import type { Gpt2Config, LlamaConfig, ModelConfig } from '../training/spec.ts';
import { ConfigFields } from './config-fields.ts';
import { formatErrors } from './errors.ts';

/** Ids of the tokenizer's special tokens; null where it has none. */
export interface SpecialIds {
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
}

/** The object of config.json, with the fields that GPT2Config and LlamaConfig have. */
export function toConfigJson(model: ModelConfig, special: SpecialIds): Record<string, unknown> {
  const common = {
    architectures: [model.model_type === 'gpt2' ? 'GPT2LMHeadModel' : 'LlamaForCausalLM'],
    ...special,
    torch_dtype: 'float32', // transformers 4
    dtype: 'float32', // transformers 5
    use_cache: true,
  };
  if (model.model_type === 'gpt2') {
    // `bias` is ours (transformers ignores it): the zeros of a model without biases are left out on opening.
    return {
      ...model,
      ...common,
      n_ctx: model.n_positions,
      reorder_and_upcast_attn: false,
      scale_attn_by_inverse_layer_idx: false,
      scale_attn_weights: true,
      summary_activation: null,
      summary_first_dropout: 0.1,
      summary_proj_to_labels: true,
      summary_type: 'cls_index',
      summary_use_proj: true,
    };
  }
  // `attention_output_bias` is ours in the same way, and says something only where there are biases.
  const { attention_output_bias, ...fields } = model;
  return {
    ...fields,
    ...(model.attention_bias ? { attention_output_bias } : {}),
    ...common,
    head_dim: model.head_dim ?? model.hidden_size / model.num_attention_heads,
    hidden_act: 'silu',
    mlp_bias: false,
    pretraining_tp: 1,
    rope_scaling: null,
    // transformers 5 reads rope_parameters, everything before it rope_theta.
    rope_parameters: { rope_theta: model.rope_theta, rope_type: 'default' },
  };
}

/** The model with every bias that transformers' class has for it; those that it lacks are saved as zeros. */
export function withAllBiases(model: ModelConfig): ModelConfig {
  return model.model_type === 'gpt2'
    ? { ...model, bias: true }
    : { ...model, attention_output_bias: model.attention_bias };
}

/**
 * The model of a config.json, with the defaults of Hugging Face's classes where fields are left out.
 * Throws ANN-FMT-021 (bad), 022 (architecture), 023 (variant).
 */
export function fromConfigJson(json: unknown): ModelConfig {
  const fields = new ConfigFields(json);
  const type = fields.modelType();
  if (fields.raw('quantization_config') !== undefined && fields.raw('quantization_config') !== null) {
    fields.unsupported('quantization_config', 'quantized weights cannot be trained on; open the full model');
  }
  if (type === 'gpt2') return gpt2(fields);
  if (type === 'llama') return llama(fields);
  throw formatErrors.unsupportedArchitecture({
    message: `The model is of type ${JSON.stringify(type)}; gpt2 and llama can be opened.`,
    where: 'config.json: model_type',
    data: { model_type: type },
  });
}

function gpt2(fields: ConfigFields): Gpt2Config {
  if (!fields.flag('scale_attn_weights', true)) {
    fields.unsupported('scale_attn_weights', 'attention without its scale is not there');
  }
  if (fields.flag('scale_attn_by_inverse_layer_idx', false)) {
    fields.unsupported('scale_attn_by_inverse_layer_idx', 'attention scaled by the layer is not there');
  }
  if (fields.flag('add_cross_attention', false)) {
    fields.unsupported('add_cross_attention', 'encoders are not there');
  }
  const activation = fields.text('activation_function', 'gelu_new');
  const known = GPT2_ACTIVATIONS.get(activation);
  if (!known) fields.unsupported('activation_function', `${activation} is not gelu_new, gelu or relu`);
  const n_embd = fields.whole('n_embd', 768);
  const n_head = fields.whole('n_head', 12);
  fields.divides('n_embd', n_embd, 'n_head', n_head);
  return {
    model_type: 'gpt2',
    vocab_size: fields.whole('vocab_size', 50257),
    n_positions: fields.whole('n_positions', 1024),
    n_embd,
    n_layer: fields.layers('n_layer', 12),
    n_head,
    n_inner: fields.wholeOrNull('n_inner'),
    activation_function: known,
    bias: fields.flag('bias', true),
    embd_pdrop: fields.rate('embd_pdrop', 0.1),
    attn_pdrop: fields.rate('attn_pdrop', 0.1),
    resid_pdrop: fields.rate('resid_pdrop', 0.1),
    layer_norm_epsilon: fields.positive('layer_norm_epsilon', 1e-5),
    initializer_range: fields.positive('initializer_range', 0.02),
    tie_word_embeddings: fields.flag('tie_word_embeddings', true),
  };
}

/** Hugging Face's names of one function each. */
const GPT2_ACTIVATIONS: ReadonlyMap<string, Gpt2Config['activation_function']> = new Map([
  ['gelu_new', 'gelu_new'],
  ['gelu_pytorch_tanh', 'gelu_new'],
  ['gelu', 'gelu'],
  ['gelu_python', 'gelu'],
  ['relu', 'relu'],
]);

function llama(fields: ConfigFields): LlamaConfig {
  const activation = fields.text('hidden_act', 'silu');
  if (activation !== 'silu' && activation !== 'swish') {
    fields.unsupported('hidden_act', `${activation} is not silu`);
  }
  if (fields.flag('mlp_bias', false)) fields.unsupported('mlp_bias', 'biases in the MLP are not there');
  const rope = ropeTheta(fields);
  const hidden_size = fields.whole('hidden_size', 4096);
  const heads = fields.whole('num_attention_heads', 32);
  const keyValueHeads = fields.wholeOrNull('num_key_value_heads') ?? heads;
  const head_dim = fields.wholeOrNull('head_dim');
  const attention_bias = fields.flag('attention_bias', false);
  if (head_dim === null) fields.divides('hidden_size', hidden_size, 'num_attention_heads', heads);
  fields.divides('num_attention_heads', heads, 'num_key_value_heads', keyValueHeads);
  return {
    model_type: 'llama',
    vocab_size: fields.whole('vocab_size', 32000),
    max_position_embeddings: fields.whole('max_position_embeddings', 2048),
    hidden_size,
    intermediate_size: fields.whole('intermediate_size', 11008),
    num_hidden_layers: fields.layers('num_hidden_layers', 32),
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: head_dim === hidden_size / heads ? null : head_dim,
    rope_theta: rope,
    rms_norm_eps: fields.positive('rms_norm_eps', 1e-6),
    attention_bias,
    attention_output_bias: attention_bias && fields.flag('attention_output_bias', false),
    attention_dropout: fields.rate('attention_dropout', 0),
    initializer_range: fields.positive('initializer_range', 0.02),
    tie_word_embeddings: fields.flag('tie_word_embeddings', false),
  };
}

/** From rope_parameters (transformers 5) or rope_theta and rope_scaling (before). Only plain rotary positions. */
function ropeTheta(fields: ConfigFields): number {
  let theta = fields.positive('rope_theta', 10_000);
  for (const name of ['rope_scaling', 'rope_parameters']) {
    const rope = fields.raw(name);
    if (rope === undefined || rope === null) continue;
    const inner = new ConfigFields(rope, name);
    const type = inner.text('rope_type', inner.text('type', 'default'));
    if (type !== 'default') fields.unsupported(name, `rotary positions scaled by ${type} are not there`);
    theta = inner.positive('rope_theta', theta);
    if (inner.positive('partial_rotary_factor', 1) !== 1) {
      inner.unsupported('partial_rotary_factor', 'positions in a part of each head are not there');
    }
  }
  if (fields.positive('partial_rotary_factor', 1) !== 1) {
    fields.unsupported('partial_rotary_factor', 'positions in a part of each head are not there');
  }
  return theta;
}
