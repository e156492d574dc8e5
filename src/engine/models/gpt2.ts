import { multiply } from '../graph/dim.ts';
import { add, constant, matmul, reshape, slice, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';
import type { Gpt2Config } from '../training/spec.ts';
import type { Gpt2Dims } from './gpt2-parameters.ts';
import type { ForwardContext } from './layers.ts';

/**
 * GPT-2 (Radford et al., 2019), with Hugging Face's names: pre-norm blocks, learned positions, Conv1D
 * weights. Returns logits [batch * time, vocab]. Activations are [batch * time, n_embd] between blocks.
 */
export function gpt2Forward(c: ForwardContext, model: Gpt2Config, dims: Gpt2Dims): Node {
  const { g, request } = c;
  const { batch, time, mode } = request;
  const { width } = dims;
  const rows = multiply(batch, time);
  const wte = c.need('transformer.wte.weight');
  const wpe = c.need('transformer.wpe.weight');

  let x = g.within('transformer', () => {
    if (mode.type === 'sequence') {
      g.atMost(
        time,
        dims.positions,
        'a sequence is at most n_positions long because each position has a row in wpe',
      );
    }
    const tokens = g.node('embedding', [wte, request.input_ids], {}); // [batch, time, n_embd]
    const places =
      mode.type === 'decode'
        ? g.node('embedding', [wpe, mode.positions], {}) // [batch, time, n_embd]
        : slice(g, wpe, [0, 0], [time, width]);
    return c.dropout(reshape(g, add(g, tokens, places), [rows, width]), model.embd_pdrop);
  });
  for (let layer = 0; layer < model.n_layer; layer++) {
    x = c.block(`transformer.h.${layer}`, x, () => block(c, model, dims, x, layer));
  }
  return g.within('lm_head', () => {
    const h = layerNorm(c, model, dims, 'transformer.ln_f', x);
    return g.mark(matmul(g, h, c.parameter('lm_head.weight') ?? wte, false, true), 'logits');
  });
}

function block(c: ForwardContext, model: Gpt2Config, dims: Gpt2Dims, x: Node, layer: number): Node {
  const { g } = c;
  const name = `transformer.h.${layer}`;
  const attended = g.within('attn', () =>
    attention(c, model, dims, `${name}.attn`, layerNorm(c, model, dims, `${name}.ln_1`, x)),
  );
  const middle = add(g, x, attended);
  const fed = g.within('mlp', () => {
    const h = c.linear(`${name}.mlp.c_fc`, layerNorm(c, model, dims, `${name}.ln_2`, middle), 'conv1d');
    const active = unary(g, model.activation_function, h);
    return c.dropout(c.linear(`${name}.mlp.c_proj`, active, 'conv1d'), model.resid_pdrop);
  });
  return add(g, middle, fed);
}

function attention(c: ForwardContext, model: Gpt2Config, dims: Gpt2Dims, name: string, x: Node): Node {
  const qkv = c.linear(`${name}.c_attn`, x, 'conv1d'); // [rows, 3 * n_embd]
  const { heads, headSize } = dims;
  const joined = c.attention(name, qkv, { heads, keyHeads: heads, headSize }, model.attn_pdrop);
  return c.dropout(c.linear(`${name}.c_proj`, joined, 'conv1d'), model.resid_pdrop);
}

function layerNorm(c: ForwardContext, model: Gpt2Config, dims: Gpt2Dims, name: string, x: Node): Node {
  const bias = c.parameter(`${name}.bias`) ?? constant(c.g, 0, [dims.width]);
  return c.g.node('layer_norm', [x, c.need(`${name}.weight`), bias], { epsilon: model.layer_norm_epsilon });
}
