import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import { fixed, multiply } from '../graph/dim.ts';
import type { LlamaConfig } from '../training/spec.ts';
import type { Init, SymbolicParameter } from './parameter.ts';

export interface LlamaDims {
  readonly vocab: Dim;
  readonly positions: Dim;
  readonly width: Dim;
  readonly inner: Dim;
  readonly heads: Dim;
  readonly keyHeads: Dim;
  /** Query heads that share a key head. */
  readonly group: Dim;
  readonly headSize: Dim;
}

export function llamaDims(g: GraphBuilder, model: LlamaConfig): LlamaDims {
  const vocab = g.field('vocab_size', model.vocab_size);
  const positions = g.field('max_position_embeddings', model.max_position_embeddings);
  const width = g.field('hidden_size', model.hidden_size);
  const inner = g.field('intermediate_size', model.intermediate_size);
  const heads = g.field('num_attention_heads', model.num_attention_heads);
  const keyHeads = g.field('num_key_value_heads', model.num_key_value_heads);
  g.field('num_hidden_layers', model.num_hidden_layers);
  return g.within('model.layers.0.self_attn', () => {
    const headSize =
      model.head_dim === null
        ? g.divide(
            width,
            heads,
            'hidden_size / num_attention_heads must be whole because attention splits the hidden_size features into num_attention_heads heads of equal size',
          )
        : g.field('head_dim', model.head_dim);
    const group = g.divide(
      heads,
      keyHeads,
      'num_attention_heads / num_key_value_heads must be whole because each key head serves the same number of query heads',
    );
    g.divide(
      headSize,
      fixed(2),
      'the head size must be even because rotary positions turn its features in pairs',
    );
    return { vocab, positions, width, inner, heads, keyHeads, group, headSize };
  });
}

/** Linear weights are [out, in]; all normal with initializer_range, biases zero (Hugging Face's LlamaPreTrainedModel). */
export function llamaParameters(model: LlamaConfig, dims: LlamaDims): readonly SymbolicParameter[] {
  const { vocab, width, inner } = dims;
  const normal: Init = { type: 'normal', std: model.initializer_range };
  const queries = multiply(dims.heads, dims.headSize);
  const keys = multiply(dims.keyHeads, dims.headSize);
  const list: SymbolicParameter[] = [
    { name: 'model.embed_tokens.weight', dims: [vocab, width], init: normal, role: 'table' },
  ];
  const linear = (name: string, from: Dim, to: Dim, bias: boolean): void => {
    list.push({ name: `${name}.weight`, dims: [to, from], init: normal, role: 'matrix' });
    if (bias) list.push({ name: `${name}.bias`, dims: [to], init: { type: 'zeros' }, role: 'vector' });
  };
  const norm = (name: string): void => {
    list.push({ name: `${name}.weight`, dims: [width], init: { type: 'ones' }, role: 'vector' });
  };
  for (let layer = 0; layer < model.num_hidden_layers; layer++) {
    const block = `model.layers.${layer}`;
    norm(`${block}.input_layernorm`);
    linear(`${block}.self_attn.q_proj`, width, queries, model.attention_bias);
    linear(`${block}.self_attn.k_proj`, width, keys, model.attention_bias);
    linear(`${block}.self_attn.v_proj`, width, keys, model.attention_bias);
    linear(`${block}.self_attn.o_proj`, queries, width, model.attention_bias && model.attention_output_bias);
    norm(`${block}.post_attention_layernorm`);
    linear(`${block}.mlp.gate_proj`, width, inner, false);
    linear(`${block}.mlp.up_proj`, width, inner, false);
    linear(`${block}.mlp.down_proj`, inner, width, false);
  }
  norm('model.norm');
  if (!model.tie_word_embeddings) {
    list.push({ name: 'lm_head.weight', dims: [vocab, width], init: normal, role: 'table' });
  }
  return list;
}
