import { erf } from '../../devices/reference/kernels/special.ts';
import type { Gpt2Config, LlamaConfig, ModelConfig } from '../../training/spec.ts';

/**
 * Both models once more, written as one would on paper: one token after the other, in float64, no
 * graph, no batches, nothing shared with the code under test but erf. Logits by position.
 */
export type Weights = ReadonlyMap<string, ArrayLike<number>>;
type Vector = number[];

export function plainLogits(model: ModelConfig, weights: Weights, tokens: readonly number[]): Vector[] {
  const run = model.model_type === 'gpt2' ? gpt2 : llama;
  return run(model as never, weights, tokens);
}

function gpt2(model: Gpt2Config, weights: Weights, tokens: readonly number[]): Vector[] {
  const C = model.n_embd;
  const D = C / model.n_head;
  const get = (name: string): ArrayLike<number> => weights.get(name) ?? [];
  const norm = (name: string, x: Vector): Vector => {
    const mean = x.reduce((a, b) => a + b) / C;
    const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / C;
    return x.map((v, i) => {
      const scaled =
        ((v - mean) / Math.sqrt(variance + model.layer_norm_epsilon)) * at(get(`${name}.weight`), i);
      return scaled + (model.bias ? at(get(`${name}.bias`), i) : 0);
    });
  };
  const conv = (name: string, x: Vector, out: number): Vector =>
    range(out).map((o) => {
      const sum = x.reduce((total, v, i) => total + v * at(get(`${name}.weight`), i * out + o), 0);
      return sum + (model.bias ? at(get(`${name}.bias`), o) : 0);
    });
  const act = (v: number): number => {
    if (model.activation_function === 'relu') return Math.max(v, 0);
    if (model.activation_function === 'gelu') return 0.5 * v * (1 + erf(v / Math.sqrt(2)));
    return 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  };
  let xs = tokens.map((id, t) =>
    range(C).map(
      (i) => at(get('transformer.wte.weight'), id * C + i) + at(get('transformer.wpe.weight'), t * C + i),
    ),
  );
  for (const layer of range(model.n_layer)) {
    const name = `transformer.h.${layer}`;
    const qkv = xs.map((x) => conv(`${name}.attn.c_attn`, norm(`${name}.ln_1`, x), 3 * C));
    const head = (row: Vector, part: number, h: number): Vector =>
      row.slice(part * C + h * D, part * C + (h + 1) * D);
    xs = xs.map((x, t) => {
      const mixed = range(model.n_head).flatMap((h) =>
        attend(
          head(qkv[t] as Vector, 0, h),
          qkv.slice(0, t + 1).map((row) => [head(row, 1, h), head(row, 2, h)]),
        ),
      );
      const middle = plus(x, conv(`${name}.attn.c_proj`, mixed, C));
      const inner = conv(`${name}.mlp.c_fc`, norm(`${name}.ln_2`, middle), model.n_inner ?? 4 * C).map(act);
      return plus(middle, conv(`${name}.mlp.c_proj`, inner, C));
    });
  }
  const head = model.tie_word_embeddings ? get('transformer.wte.weight') : get('lm_head.weight');
  return xs.map((x) => project(head, norm('transformer.ln_f', x), model.vocab_size));
}

function llama(model: LlamaConfig, weights: Weights, tokens: readonly number[]): Vector[] {
  const C = model.hidden_size;
  const D = model.head_dim ?? C / model.num_attention_heads;
  const group = model.num_attention_heads / model.num_key_value_heads;
  const get = (name: string): ArrayLike<number> => weights.get(name) ?? [];
  const norm = (name: string, x: Vector): Vector => {
    const square = x.reduce((a, b) => a + b * b, 0) / C;
    return x.map((v, i) => (v / Math.sqrt(square + model.rms_norm_eps)) * at(get(`${name}.weight`), i));
  };
  const linear = (name: string, x: Vector, out: number): Vector => {
    const bias = weights.get(`${name}.bias`);
    return project(get(`${name}.weight`), x, out).map((v, o) => v + (bias === undefined ? 0 : at(bias, o)));
  };
  const turn = (x: Vector, t: number): Vector =>
    x.map((v, i) => {
      const j = i % (D / 2);
      const angle = t * model.rope_theta ** ((-2 * j) / D);
      const other = i < D / 2 ? -at(x, i + D / 2) : at(x, i - D / 2);
      return v * Math.cos(angle) + other * Math.sin(angle);
    });
  let xs = tokens.map((id) => range(C).map((i) => at(get('model.embed_tokens.weight'), id * C + i)));
  for (const layer of range(model.num_hidden_layers)) {
    const name = `model.layers.${layer}`;
    const hs = xs.map((x) => norm(`${name}.input_layernorm`, x));
    const part = (kind: string, heads: number, h: number, t: number): Vector =>
      linear(`${name}.self_attn.${kind}_proj`, hs[t] as Vector, heads * D).slice(h * D, (h + 1) * D);
    xs = xs.map((x, t) => {
      const mixed = range(model.num_attention_heads).flatMap((h) => {
        const shared = Math.floor(h / group);
        const past = range(t + 1).map((s): [Vector, Vector] => [
          turn(part('k', model.num_key_value_heads, shared, s), s),
          part('v', model.num_key_value_heads, shared, s),
        ]);
        return attend(turn(part('q', model.num_attention_heads, h, t), t), past);
      });
      const middle = plus(x, linear(`${name}.self_attn.o_proj`, mixed, C));
      const h = norm(`${name}.post_attention_layernorm`, middle);
      const up = linear(`${name}.mlp.up_proj`, h, model.intermediate_size);
      const gate = linear(`${name}.mlp.gate_proj`, h, model.intermediate_size);
      const fed = gate.map((v, i) => (v / (1 + Math.exp(-v))) * at(up, i));
      return plus(middle, linear(`${name}.mlp.down_proj`, fed, C));
    });
  }
  const head = model.tie_word_embeddings ? get('model.embed_tokens.weight') : get('lm_head.weight');
  return xs.map((x) => project(head, norm('model.norm', x), model.vocab_size));
}

function attend(query: Vector, past: readonly (readonly Vector[])[]): Vector {
  const scores = past.map(
    ([key = []]) => query.reduce((sum, q, i) => sum + q * at(key, i), 0) / Math.sqrt(query.length),
  );
  const top = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - top));
  const total = weights.reduce((a, b) => a + b);
  return query.map((_, i) =>
    past.reduce((sum, [, value = []], t) => sum + (at(weights, t) / total) * at(value, i), 0),
  );
}

/** Rows of `matrix` [out, in] times x. */
function project(matrix: ArrayLike<number>, x: Vector, out: number): Vector {
  return range(out).map((o) => x.reduce((sum, v, i) => sum + v * at(matrix, o * x.length + i), 0));
}

function plus(a: Vector, b: Vector): Vector {
  return a.map((v, i) => v + at(b, i));
}

function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no element ${index} of ${values.length}`);
  return value;
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
