import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import { fixed, multiply } from '../graph/dim.ts';
import type { Gpt2Config } from '../training/spec.ts';
import type { Init, SymbolicParameter } from './parameter.ts';

export interface Gpt2Dims {
  readonly vocab: Dim;
  readonly positions: Dim;
  readonly width: Dim;
  readonly inner: Dim;
  readonly heads: Dim;
  readonly headSize: Dim;
}

export function gpt2Dims(g: GraphBuilder, model: Gpt2Config): Gpt2Dims {
  const vocab = g.field('vocab_size', model.vocab_size);
  const positions = g.field('n_positions', model.n_positions);
  const width = g.field('n_embd', model.n_embd);
  const heads = g.field('n_head', model.n_head);
  g.field('n_layer', model.n_layer);
  const inner = model.n_inner === null ? multiply(fixed(4), width) : g.field('n_inner', model.n_inner);
  const headSize = g.within('transformer.h.0.attn', () =>
    g.divide(
      width,
      heads,
      'n_embd / n_head must be whole because attention splits the n_embd features into n_head heads of equal size',
    ),
  );
  return { vocab, positions, width, inner, heads, headSize };
}

/**
 * Conv1D weights are [in, out]. Initialised as GPT-2 was: normal with initializer_range, and the
 * projections back into the residual stream by 1 / sqrt(2 n_layer) less, so that its variance does not
 * grow with depth (Radford et al., 2019, section 2.3; Hugging Face's GPT2PreTrainedModel).
 */
export function gpt2Parameters(model: Gpt2Config, dims: Gpt2Dims): readonly SymbolicParameter[] {
  const { vocab, positions, width, inner } = dims;
  const normal: Init = { type: 'normal', std: model.initializer_range };
  const residual: Init = { type: 'normal', std: model.initializer_range / Math.sqrt(2 * model.n_layer) };
  const list: SymbolicParameter[] = [
    { name: 'transformer.wte.weight', dims: [vocab, width], init: normal, role: 'table' },
    { name: 'transformer.wpe.weight', dims: [positions, width], init: normal, role: 'table' },
  ];
  const norm = (name: string): void => {
    list.push({ name: `${name}.weight`, dims: [width], init: { type: 'ones' }, role: 'vector' });
    if (model.bias)
      list.push({ name: `${name}.bias`, dims: [width], init: { type: 'zeros' }, role: 'vector' });
  };
  const linear = (name: string, from: Dim, to: Dim, init: Init): void => {
    list.push({ name: `${name}.weight`, dims: [from, to], init, role: 'matrix' });
    if (model.bias) list.push({ name: `${name}.bias`, dims: [to], init: { type: 'zeros' }, role: 'vector' });
  };
  const qkv = multiply(fixed(3), width);
  for (let layer = 0; layer < model.n_layer; layer++) {
    const block = `transformer.h.${layer}`;
    norm(`${block}.ln_1`);
    linear(`${block}.attn.c_attn`, width, qkv, normal);
    linear(`${block}.attn.c_proj`, width, width, residual);
    norm(`${block}.ln_2`);
    linear(`${block}.mlp.c_fc`, width, inner, normal);
    linear(`${block}.mlp.c_proj`, inner, width, residual);
  }
  norm('transformer.ln_f');
  if (!model.tie_word_embeddings) {
    list.push({ name: 'lm_head.weight', dims: [vocab, width], init: normal, role: 'table' });
  }
  return list;
}
