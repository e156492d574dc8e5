import * as tf from '@tensorflow/tfjs';
import type { Gpt2Config, LlamaConfig, ModelConfig } from '../../../src/engine/training/spec.ts';

export type Params = Readonly<Record<string, tf.Tensor>>;
export interface Sizes {
  readonly batch: number;
  readonly time: number;
}

/** Mean cross-entropy; the models as one would write them with tfjs, activations kept in two dimensions. */
export function loss(
  p: Params,
  ids: tf.Tensor1D,
  labels: tf.Tensor1D,
  model: ModelConfig,
  sizes: Sizes,
): tf.Scalar {
  const logits =
    model.model_type === 'gpt2' ? gpt2Logits(p, ids, model, sizes) : llamaLogits(p, ids, model, sizes);
  const hot = tf.oneHot(labels, model.vocab_size).toFloat();
  return tf
    .logSoftmax(logits)
    .mul(hot)
    .sum()
    .mul(-1 / (sizes.batch * sizes.time)) as tf.Scalar;
}

function need(p: Params, name: string): tf.Tensor {
  const found = p[name];
  if (found === undefined) throw new Error(`There is no parameter ${name}.`);
  return found;
}

function gpt2Logits(p: Params, ids: tf.Tensor1D, model: Gpt2Config, { batch, time }: Sizes): tf.Tensor2D {
  const { n_embd: width, n_head: heads } = model;
  const wte = need(p, 'transformer.wte.weight') as tf.Tensor2D;
  const positions = need(p, 'transformer.wpe.weight').reshape([1, time, width]);
  let x = embedding(wte, ids)
    .reshape([batch, time, width])
    .add(positions)
    .reshape([batch * time, width]);
  const linear = (h: tf.Tensor, name: string) =>
    tf.matMul(h as tf.Tensor2D, need(p, `${name}.weight`) as tf.Tensor2D);
  const norm = (h: tf.Tensor, name: string) => {
    const { mean, variance } = tf.moments(h, -1, true);
    return h
      .sub(mean)
      .mul(variance.add(model.layer_norm_epsilon).rsqrt())
      .mul(need(p, `${name}.weight`));
  };
  for (let layer = 0; layer < model.n_layer; layer++) {
    const name = `transformer.h.${layer}`;
    const parts = tf.split(linear(norm(x, `${name}.ln_1`), `${name}.attn.c_attn`), 3, 1);
    const [q, k, v] = parts.map((part) => perHead(part, batch, time, heads)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    x = x.add(linear(attention(q, k, v, batch, time, width), `${name}.attn.c_proj`));
    const inner = gelu(linear(norm(x, `${name}.ln_2`), `${name}.mlp.c_fc`));
    x = x.add(linear(inner, `${name}.mlp.c_proj`));
  }
  return tf.matMul(norm(x, 'transformer.ln_f') as tf.Tensor2D, wte, false, true);
}

/** Through one-hot rows: the gradient of tf.gather does not exist in WASM, and is an atomic loop on a GPU. */
function embedding(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  return tf.matMul(tf.oneHot(ids, table.shape[0]).toFloat() as tf.Tensor2D, table);
}

/** The exact one. */
function gelu(x: tf.Tensor): tf.Tensor {
  return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
}

/** [batch * time, width] -> [batch, heads, time, size] */
function perHead(x: tf.Tensor, batch: number, time: number, heads: number): tf.Tensor {
  return x.reshape([batch, time, heads, -1]).transpose([0, 2, 1, 3]);
}

function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  batch: number,
  time: number,
  width: number,
): tf.Tensor {
  const size = q.shape[3] ?? 1;
  const scores = tf.matMul(q, k, false, true).mul(1 / Math.sqrt(size));
  const weights = tf.softmax(scores.add(mask(time)));
  return tf
    .matMul(weights, v)
    .transpose([0, 2, 1, 3])
    .reshape([batch * time, width]);
}

/** 0 where a query may look, far below it elsewhere; [time, time]. */
function mask(time: number): tf.Tensor {
  return tf.linalg
    .bandPart(tf.ones([time, time]), -1, 0)
    .sub(1)
    .mul(1e30);
}

function llamaLogits(p: Params, ids: tf.Tensor1D, model: LlamaConfig, { batch, time }: Sizes): tf.Tensor2D {
  const { hidden_size: width, num_attention_heads: heads } = model;
  const table = need(p, 'model.embed_tokens.weight') as tf.Tensor2D;
  let x: tf.Tensor = embedding(table, ids);
  const linear = (h: tf.Tensor, name: string) =>
    tf.matMul(h as tf.Tensor2D, need(p, `${name}.weight`) as tf.Tensor2D, false, true);
  const norm = (h: tf.Tensor, name: string) =>
    h.mul(h.square().mean(-1, true).add(model.rms_norm_eps).rsqrt()).mul(need(p, `${name}.weight`));
  const { cos, sin } = angles(time, width / heads, model.rope_theta);
  for (let layer = 0; layer < model.num_hidden_layers; layer++) {
    const name = `model.layers.${layer}`;
    const h = norm(x, `${name}.input_layernorm`);
    const q = rotate(perHead(linear(h, `${name}.self_attn.q_proj`), batch, time, heads), cos, sin);
    const k = rotate(perHead(linear(h, `${name}.self_attn.k_proj`), batch, time, heads), cos, sin);
    const v = perHead(linear(h, `${name}.self_attn.v_proj`), batch, time, heads);
    x = x.add(linear(attention(q, k, v, batch, time, width), `${name}.self_attn.o_proj`));
    const fed = norm(x, `${name}.post_attention_layernorm`);
    const gate = linear(fed, `${name}.mlp.gate_proj`);
    const product = gate.mul(gate.sigmoid()).mul(linear(fed, `${name}.mlp.up_proj`));
    x = x.add(linear(product, `${name}.mlp.down_proj`));
  }
  return tf.matMul(norm(x, 'model.norm') as tf.Tensor2D, table, false, true);
}

/** Of rotary positions, Hugging Face's halves: [time, size]. */
function angles(
  time: number,
  size: number,
  theta: number,
): { readonly cos: tf.Tensor; readonly sin: tf.Tensor } {
  const exponents = Array.from({ length: size }, (_, i) => theta ** (-(2 * (i % (size / 2))) / size));
  const table = tf
    .range(0, time)
    .reshape([time, 1])
    .mul(tf.tensor2d([exponents]));
  return { cos: table.cos(), sin: table.sin() };
}

function rotate(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor {
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return x.mul(cos).add(tf.concat([second.neg(), first], -1).mul(sin));
}
