import { multiply } from '../graph/dim.ts';
import { add, matmul, mul, reshape, unary } from '../graph/emit.ts';
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
  // One position for each row of a decoded block; of whole sequences each has the same.
  const positions =
    mode.type === 'decode' ? reshape(g, mode.positions, [rows]) : g.node('iota', [], {}, [time]);

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
    x = c.block(name, x, () => {
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

function attention(
  c: ForwardContext,
  model: LlamaConfig,
  dims: LlamaDims,
  name: string,
  x: Node,
  positions: Node,
): Node {
  const { g } = c;
  const { heads, keyHeads, headSize } = dims;
  const parts = ['q_proj', 'k_proj', 'v_proj'].map((part) => c.linear(`${name}.${part}`, x, 'linear'));
  const rotated = g.node('rotary_heads', [g.node('concat', parts, { axis: 1 }), positions], {
    heads: heads.value + keyHeads.value,
    head_size: headSize.value,
    theta: model.rope_theta,
    inverse: false,
    time: positions.shape[0] ?? 1,
  });
  const mixed = c.attention(name, rotated, { heads, keyHeads, headSize }, model.attention_dropout);
  return c.linear(`${name}.o_proj`, mixed, 'linear');
}

function rmsNorm(c: ForwardContext, model: LlamaConfig, name: string, x: Node): Node {
  return c.g.node('rms_norm', [x, c.need(`${name}.weight`)], { epsilon: model.rms_norm_eps });
}
