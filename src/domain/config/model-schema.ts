import * as z from 'zod';
import { above0, field, share, whole } from './field.ts';

/** Bounds that keep every product of sizes below 2^53, and a plan within bounded work. */
const WIDTH = 65_536;
const LAYERS = 256;
const CONTEXT = 1_048_576;
const VOCABULARY = 1_048_576;

const vocabulary = field(whole(1, VOCABULARY).optional(), {
  title: 'Vocabulary',
  description:
    'How many different tokens the model knows, special tokens included. Leave it out: it then comes from the tokenizer. Give it to leave room, such as a multiple of 64.',
  unit: 'tokens',
  examples: [512, 50257],
});

const initializer = field(above0(1).default(0.02), {
  title: 'Initial spread',
  description:
    'Standard deviation of the normal distribution that weights start from. The projections back into the residual stream start smaller, by the square root of twice the number of layers.',
  examples: [0.02],
});

function dropout(title: string, what: string, standard: number, aliases: readonly string[] = []) {
  return field(share().default(standard), {
    title,
    description: `Share of ${what} that is set to zero at random while training. 0 turns it off, which suits data that is seen only once or twice.`,
    examples: [0, 0.1, 0.2],
    aliases,
  });
}

/** Hugging Face's GPT2Config, its names and its defaults, and nanoGPT's `bias`. */
export const gpt2Schema = z
  .strictObject({
    model_type: field(z.literal('gpt2'), {
      title: 'Architecture',
      description: 'GPT-2: learned positions, LayerNorm, one feed-forward with GELU.',
    }),
    vocab_size: vocabulary,
    n_positions: field(whole(1, CONTEXT).default(1024), {
      title: 'Context length',
      aliases: ['block_size', 'n_ctx', 'context_length', 'max_seq_len', 'max_position_embeddings'],
      description:
        'How many tokens the model reads at once, and the length of every training sequence. The memory of attention grows with its square.',
      unit: 'tokens',
      examples: [64, 256, 1024],
    }),
    n_embd: field(whole(1, WIDTH).default(768), {
      title: 'Width',
      aliases: ['d_model', 'hidden_size', 'embed_dim', 'dim', 'width'],
      description:
        'Numbers that stand for one token inside the model. Parameters grow with its square. It must be a multiple of n_head.',
      examples: [128, 384, 768],
    }),
    n_layer: field(whole(1, LAYERS).default(12), {
      title: 'Layers',
      aliases: ['num_layers', 'num_hidden_layers', 'n_layers', 'depth'],
      description: 'Transformer blocks, one after the other. Time and memory grow with their number.',
      unit: 'blocks',
      examples: [4, 6, 12],
    }),
    n_head: field(whole(1, WIDTH).default(12), {
      title: 'Attention heads',
      aliases: ['num_heads', 'num_attention_heads', 'n_heads', 'heads'],
      description: 'Parts that the width is split into for attention; each looks for something of its own.',
      unit: 'heads',
      examples: [4, 6, 12],
    }),
    n_inner: field(
      whole(1, 4 * WIDTH)
        .nullable()
        .default(null),
      {
        title: 'Feed-forward width',
        aliases: ['intermediate_size', 'd_ff', 'ffn_dim'],
        description: 'Width inside the feed-forward part of a block. Null means four times n_embd.',
        examples: [512, 3072],
      },
    ),
    activation_function: field(z.enum(['gelu_new', 'gelu', 'relu']).default('gelu_new'), {
      title: 'Activation',
      aliases: ['hidden_act', 'activation'],
      description:
        "The feed-forward's non-linearity. `gelu_new` is GPT-2's (a tanh approximation), `gelu` the exact one, `relu` the cheapest.",
    }),
    bias: field(z.boolean().default(true), {
      title: 'Biases',
      description:
        'Whether linear layers and LayerNorms have biases. `false` trains without them and saves zeros, so that other tools read the model.',
    }),
    embd_pdrop: dropout('Dropout after the embedding', 'the embedded input', 0.1),
    attn_pdrop: dropout('Dropout on attention', 'the attention weights', 0.1),
    resid_pdrop: dropout('Dropout on the residual stream', "each block's output", 0.1, [
      'dropout',
      'hidden_dropout_prob',
    ]),
    layer_norm_epsilon: field(above0(1).default(1e-5), {
      title: 'LayerNorm epsilon',
      aliases: ['rms_norm_eps', 'layer_norm_eps'],
      description: 'Added to the variance, so that nothing is divided by zero.',
      examples: [1e-5],
    }),
    initializer_range: initializer,
    tie_word_embeddings: field(z.boolean().default(true), {
      title: 'Tied embeddings',
      aliases: ['tie_embeddings', 'weight_tying'],
      description:
        'Whether the output layer is the input embedding itself. Saves vocab_size x n_embd parameters.',
    }),
  })
  .meta({ title: 'GPT-2', description: 'A GPT-2, with the fields of GPT2Config.' });

/** Hugging Face's LlamaConfig, its names and its defaults. */
export const llamaSchema = z
  .strictObject({
    model_type: field(z.literal('llama'), {
      title: 'Architecture',
      description: 'Llama: rotary positions, RMSNorm, SwiGLU, grouped-query attention.',
    }),
    vocab_size: vocabulary,
    max_position_embeddings: field(whole(1, CONTEXT).default(2048), {
      title: 'Context length',
      aliases: ['block_size', 'n_ctx', 'context_length', 'max_seq_len', 'n_positions'],
      description:
        'How many tokens the model reads at once, and the length of every training sequence. The memory of attention grows with its square.',
      unit: 'tokens',
      examples: [64, 256, 2048],
    }),
    hidden_size: field(whole(1, WIDTH).default(4096), {
      title: 'Width',
      aliases: ['d_model', 'n_embd', 'embed_dim', 'dim', 'width'],
      description: 'Numbers that stand for one token inside the model. Parameters grow with its square.',
      examples: [128, 576, 2048],
    }),
    intermediate_size: field(whole(1, 4 * WIDTH).default(11_008), {
      title: 'Feed-forward width',
      aliases: ['n_inner', 'd_ff', 'ffn_dim'],
      description:
        'Width inside the SwiGLU feed-forward of a block, which has three matrices; 8/3 of hidden_size costs what four times costs in GPT-2.',
      examples: [344, 1536, 5632],
    }),
    num_hidden_layers: field(whole(1, LAYERS).default(32), {
      title: 'Layers',
      aliases: ['num_layers', 'n_layer', 'n_layers', 'depth'],
      description: 'Transformer blocks, one after the other. Time and memory grow with their number.',
      unit: 'blocks',
      examples: [4, 12, 30],
    }),
    num_attention_heads: field(whole(1, WIDTH).default(32), {
      title: 'Attention heads',
      aliases: ['num_heads', 'n_head', 'n_heads', 'heads'],
      description: 'Query heads; each looks for something of its own.',
      unit: 'heads',
      examples: [4, 9, 32],
    }),
    num_key_value_heads: field(whole(1, WIDTH).nullable().default(null), {
      title: 'Key and value heads',
      aliases: ['n_kv_head', 'n_kv_heads', 'num_kv_heads'],
      description:
        'Heads for keys and values; several query heads share one (grouped-query attention), so it must divide num_attention_heads. Null means as many as num_attention_heads.',
      unit: 'heads',
      examples: [2, 4, 8],
    }),
    head_dim: field(whole(1, WIDTH).nullable().default(null), {
      title: 'Head size',
      description:
        'Width of one head; even, for rotary positions. Null means hidden_size / num_attention_heads.',
      examples: [32, 64],
    }),
    rope_theta: field(above0(1e12).default(10_000), {
      title: 'Rotary base',
      description: 'Base of the rotary wavelengths; larger values suit longer contexts.',
      examples: [10_000, 500_000],
    }),
    rms_norm_eps: field(above0(1).default(1e-6), {
      title: 'RMSNorm epsilon',
      aliases: ['layer_norm_epsilon', 'norm_eps'],
      description: 'Added to the mean square, so that nothing is divided by zero.',
      examples: [1e-6, 1e-5],
    }),
    attention_bias: field(z.boolean().default(false), {
      title: 'Attention biases',
      description: 'Whether the projections to queries, keys and values have biases.',
    }),
    attention_output_bias: field(z.boolean().default(false), {
      title: 'Attention output bias',
      aliases: ['o_proj_bias'],
      description:
        'With attention_bias: whether the projection out of attention has a bias too, as in LlamaForCausalLM. Without, files that are saved hold zeros for it.',
    }),
    attention_dropout: dropout('Dropout on attention', 'the attention weights', 0, ['dropout', 'attn_pdrop']),
    initializer_range: initializer,
    tie_word_embeddings: field(z.boolean().default(false), {
      title: 'Tied embeddings',
      description:
        'Whether the output layer is the input embedding itself. Saves vocab_size x hidden_size parameters.',
    }),
  })
  .meta({ title: 'Llama', description: 'A Llama, with the fields of LlamaConfig.' });

/** A model section that names no model_type is a GPT-2. */
export const modelSchema = z
  .discriminatedUnion('model_type', [gpt2Schema, llamaSchema])
  .prefault({ model_type: 'gpt2' })
  .meta({
    title: 'Model',
    description:
      "The model to train, in Hugging Face's own names. `model_type` decides which fields there are.",
  });
