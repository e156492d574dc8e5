import { lax, nn, numpy as np } from '@jax-js/jax';
import type { Gpt2Config, LlamaConfig, ModelConfig } from '../../../src/engine/training/spec.ts';

export type Params = Record<string, np.Array>;

/**
 * The models as one would write them with jax-js, from Hugging Face's weights. Arguments are owned: each
 * use but the last takes a `ref`. Ids come as one-hot rows of the vocabulary [batch * time, vocab].
 */
export interface Sizes {
  readonly batch: number;
  readonly time: number;
}

/** Mean cross-entropy of `labels`, one-hot too. */
export function loss(p: Params, ids: np.Array, labels: np.Array, model: ModelConfig, sizes: Sizes): np.Array {
  const logits =
    model.model_type === 'gpt2' ? gpt2Logits(p, ids, model, sizes) : llamaLogits(p, ids, model, sizes);
  const picked = nn.logSoftmax(logits, -1).mul(labels);
  return picked.sum().mul(-1 / (sizes.batch * sizes.time));
}

function take(p: Params, name: string): np.Array {
  const found = p[name];
  if (found === undefined) throw new Error(`There is no parameter ${name}.`);
  return found.ref;
}

function gpt2Logits(p: Params, ids: np.Array, model: Gpt2Config, sizes: Sizes): np.Array {
  const { batch, time } = sizes;
  const { n_embd: width, n_head: heads } = model;
  const size = width / heads;
  const wte = take(p, 'transformer.wte.weight');
  let x = np.dot(ids, wte.ref).reshape([batch, time, width]);
  x = x.add(take(p, 'transformer.wpe.weight')).reshape([batch * time, width]);
  const norm = (h: np.Array, name: string) =>
    nn.standardize(h, -1, { epsilon: model.layer_norm_epsilon }).mul(take(p, `${name}.weight`));
  for (let layer = 0; layer < model.n_layer; layer++) {
    const name = `transformer.h.${layer}`;
    const qkv = np
      .dot(norm(x.ref, `${name}.ln_1`), take(p, `${name}.attn.c_attn.weight`))
      .reshape([batch, time, 3, heads, size]);
    const [q, k, v] = np.split(np.transpose(qkv, [2, 0, 3, 1, 4]), 3, 0) as [np.Array, np.Array, np.Array];
    const shape = [batch, heads, time, size];
    const mixed = attention(q.reshape(shape), k.reshape(shape), v.reshape(shape), sizes);
    const rows = np.transpose(mixed, [0, 2, 1, 3]).reshape([batch * time, width]);
    x = x.add(np.dot(rows, take(p, `${name}.attn.c_proj.weight`)));
    const inner = np.dot(norm(x.ref, `${name}.ln_2`), take(p, `${name}.mlp.c_fc.weight`));
    x = x.add(np.dot(gelu(inner), take(p, `${name}.mlp.c_proj.weight`)));
  }
  return np.dot(norm(x, 'transformer.ln_f'), np.transpose(wte));
}

/** The exact one: jax-js's `nn.gelu` with approximate: false is this too. */
function gelu(x: np.Array): np.Array {
  return x.ref.mul(0.5).mul(lax.erf(x.mul(Math.SQRT1_2)).add(1));
}

/** q, k, v [batch, heads, time, size], causal. */
function attention(q: np.Array, k: np.Array, v: np.Array, { time }: Sizes): np.Array {
  const size = q.shape[3] ?? 1;
  const scores = np.matmul(q.mul(1 / Math.sqrt(size)), np.transpose(k, [0, 1, 3, 2]));
  const below = np.tri(time, time, 0, { dtype: np.bool });
  const weights = nn.softmax(np.where(below, scores, -1e30), -1);
  return np.matmul(weights, v);
}

function llamaLogits(p: Params, ids: np.Array, model: LlamaConfig, sizes: Sizes): np.Array {
  const { batch, time } = sizes;
  const { hidden_size: width, num_attention_heads: heads } = model;
  const size = width / heads;
  const table = take(p, 'model.embed_tokens.weight');
  let x = np.dot(ids, table.ref);
  const norm = (h: np.Array, name: string) => {
    const mean = np.mean(np.square(h.ref), -1, { keepdims: true });
    return h.mul(np.reciprocal(np.sqrt(mean.add(model.rms_norm_eps)))).mul(take(p, `${name}.weight`));
  };
  const linear = (h: np.Array, name: string) => np.dot(h, np.transpose(take(p, `${name}.weight`)));
  const split = (h: np.Array) => np.transpose(h.reshape([batch, time, heads, size]), [0, 2, 1, 3]);
  const { cos, sin } = angles(time, size, model.rope_theta);
  for (let layer = 0; layer < model.num_hidden_layers; layer++) {
    const name = `model.layers.${layer}`;
    const h = norm(x.ref, `${name}.input_layernorm`);
    const q = rotate(split(linear(h.ref, `${name}.self_attn.q_proj`)), cos.ref, sin.ref);
    const k = rotate(split(linear(h.ref, `${name}.self_attn.k_proj`)), cos.ref, sin.ref);
    const v = split(linear(h, `${name}.self_attn.v_proj`));
    const rows = np.transpose(attention(q, k, v, sizes), [0, 2, 1, 3]).reshape([batch * time, width]);
    x = x.add(linear(rows, `${name}.self_attn.o_proj`));
    const fed = norm(x.ref, `${name}.post_attention_layernorm`);
    const gate = nn.silu(linear(fed.ref, `${name}.mlp.gate_proj`));
    x = x.add(linear(gate.mul(linear(fed, `${name}.mlp.up_proj`)), `${name}.mlp.down_proj`));
  }
  cos.dispose();
  sin.dispose();
  return np.dot(norm(x, 'model.norm'), np.transpose(table));
}

/** Of rotary positions, Hugging Face's halves: [time, size]. */
function angles(
  time: number,
  size: number,
  theta: number,
): { readonly cos: np.Array; readonly sin: np.Array } {
  const cos = new Float32Array(time * size);
  const sin = new Float32Array(time * size);
  for (let t = 0; t < time; t++) {
    for (let i = 0; i < size; i++) {
      const angle = t * theta ** (-(2 * (i % (size / 2))) / size);
      cos[t * size + i] = Math.cos(angle);
      sin[t * size + i] = Math.sin(angle);
    }
  }
  return { cos: np.array(cos).reshape([time, size]), sin: np.array(sin).reshape([time, size]) };
}

function rotate(x: np.Array, cos: np.Array, sin: np.Array): np.Array {
  const [first, second] = np.split(x.ref, 2, -1) as [np.Array, np.Array];
  const turned = np.concatenate([second.mul(-1), first], -1);
  return x.mul(cos).add(turned.mul(sin));
}
