import { multiply } from '../graph/dim.ts';
import { add, constant, matmul, mul, reshape, transpose, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';
import type { LlamaConfig } from '../training/spec.ts';
import type { ForwardContext } from './layers.ts';
import type { LlamaDims } from './llama-parameters.ts';

/**
 * Llama (Touvron et al., 2023), with Hugging Face's names and its layout of rotary positions: RMSNorm,
 * grouped-query attention, SwiGLU, Linear weights [out, in]. Returns logits [batch * time, vocab].
 */
export function llamaForward(c: ForwardContext, model: LlamaConfig, dims: LlamaDims): Node {
  const { g, request } = c;
  const { batch, time, mode } = request;
  const rows = multiply(batch, time);
  const table = c.need('model.embed_tokens.weight');
  const positions = mode.type === 'decode' ? mode.positions : g.node('iota', [], {}, [time]);

  let x = g.within('model', () => {
    if (mode.type === 'sequence') {
      g.atMost(
        time,
        dims.positions,
        'a sequence is at most max_position_embeddings long because the model is made for that many positions',
      );
    }
    return reshape(g, g.node('embedding', [table, request.input_ids], {}), [rows, dims.width]);
  });
  for (let layer = 0; layer < model.num_hidden_layers; layer++) {
    const name = `model.layers.${layer}`;
    x = g.within(name, () => {
      const attended = g.within('self_attn', () =>
        attention(
          c,
          model,
          dims,
          `${name}.self_attn`,
          rmsNorm(c, model, `${name}.input_layernorm`, x),
          positions,
        ),
      );
      const middle = add(g, x, attended);
      const fed = g.within('mlp', () => {
        const h = rmsNorm(c, model, `${name}.post_attention_layernorm`, middle);
        const gate = unary(g, 'silu', c.linear(`${name}.mlp.gate_proj`, h, 'linear'));
        const up = c.linear(`${name}.mlp.up_proj`, h, 'linear');
        return c.linear(`${name}.mlp.down_proj`, mul(g, gate, up), 'linear');
      });
      return add(g, middle, fed);
    });
  }
  return g.within('lm_head', () => {
    const h = rmsNorm(c, model, 'model.norm', x);
    return g.mark(matmul(g, h, c.parameter('lm_head.weight') ?? table, false, true), 'logits');
  });
}

/** Query heads that share a key head are laid one below the other, so that no key or value is ever repeated. */
function attention(
  c: ForwardContext,
  model: LlamaConfig,
  dims: LlamaDims,
  name: string,
  x: Node,
  positions: Node,
): Node {
  const { g, request } = c;
  const { batch, time, mode } = request;
  const { heads, keyHeads, group, headSize } = dims;
  const rows = multiply(batch, time);
  const { rope_theta: theta } = model;
  const split = (projected: Node, count: typeof heads): Node =>
    transpose(g, reshape(g, projected, [batch, time, count, headSize]), [0, 2, 1, 3]); // [batch, heads, time, size]
  const rotate = (part: Node): Node => g.node('rotary', [part, positions], { theta, inverse: false });

  const q = rotate(split(c.linear(`${name}.q_proj`, x, 'linear'), heads));
  const k = rotate(split(c.linear(`${name}.k_proj`, x, 'linear'), keyHeads));
  const v = split(c.linear(`${name}.v_proj`, x, 'linear'), keyHeads);
  const keys = c.cached(`cache.${name}.k`, k, keyHeads, headSize);
  const values = c.cached(`cache.${name}.v`, v, keyHeads, headSize);

  const width = mode.type === 'decode' ? mode.capacity : time; // keys seen by a query, masked ones included
  const tall = multiply(group, time);
  const grouped = reshape(g, q, [batch, keyHeads, tall, headSize]);
  const scores = reshape(g, matmul(g, grouped, keys, false, true), [batch, heads, time, width]);
  const offset = mode.type === 'decode' ? mode.position : constant(g, 0, [], 'i32');
  const scale = 1 / Math.sqrt(headSize.value);
  const weights = c.dropout(g.node('causal_softmax', [scores, offset], { scale }), model.attention_dropout);
  const mixed = matmul(g, reshape(g, weights, [batch, keyHeads, tall, width]), values);
  const perHead = transpose(g, reshape(g, mixed, [batch, heads, time, headSize]), [0, 2, 1, 3]);
  return c.linear(`${name}.o_proj`, reshape(g, perHead, [rows, multiply(heads, headSize)]), 'linear');
}

function rmsNorm(c: ForwardContext, model: LlamaConfig, name: string, x: Node): Node {
  return c.g.node('rms_norm', [x, c.need(`${name}.weight`)], { epsilon: model.rms_norm_eps });
}
