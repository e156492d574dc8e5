import type { Dim } from './dim.ts';

/**
 * The intermediate representation. A program is a list of nodes in topological order; a node has one
 * output. State (parameters, optimizer moments, caches) stays on the device between runs under a name.
 */

export type DType = 'f32' | 'i32';
export type NodeId = number;

/**
 * Every op with its attributes. Inputs are f32 unless said otherwise; `...` is any number of leading
 * dimensions. This list is the only one: rules, gradients and each device's kernels are keyed by it.
 */
export interface OpAttributes {
  // --- sources
  /** Fed on every run. */
  input: { readonly name: string };
  /** Lives on the device between runs. */
  state: { readonly name: string };
  /** A tensor filled with one number; f32, or i32 where the node says so. */
  constant: { readonly value: number };
  /** () -> i32 [T]: 0, 1, ..., T - 1. */
  iota: Empty;

  // --- elementwise, one input
  neg: Empty;
  exp: Empty;
  log: Empty;
  sqrt: Empty;
  rsqrt: Empty;
  square: Empty;
  abs: Empty;
  /** -1, 0 or 1. */
  sign: Empty;
  /** 1 for a number, 0 for NaN and the infinities; devices look at the bits. */
  is_finite: Empty;
  tanh: Empty;
  sigmoid: Empty;
  relu: Empty;
  /** x * Phi(x), with erf. */
  gelu: Empty;
  /** The tanh approximation, as in GPT-2. */
  gelu_new: Empty;
  /** x * sigmoid(x). */
  silu: Empty;
  /** x * factor + offset. */
  affine: { readonly factor: number; readonly offset: number };

  // --- gradients of activations: (x, dy) -> dx
  relu_grad: Empty;
  gelu_grad: Empty;
  gelu_new_grad: Empty;
  silu_grad: Empty;

  // --- elementwise, two inputs, NumPy broadcasting
  add: Empty;
  sub: Empty;
  mul: Empty;
  div: Empty;
  maximum: Empty;
  minimum: Empty;
  /** 1 where a > b, else 0. */
  greater: Empty;

  /** Sum of any number of tensors of one shape, left to right. */
  add_n: Empty;
  /** (condition, a, b) -> a where condition is not 0, else b. One shape. */
  where: Empty;

  // --- reductions; axes ascending, not negative
  reduce_sum: { readonly axes: readonly number[]; readonly keep_dims: boolean };
  reduce_max: { readonly axes: readonly number[]; readonly keep_dims: boolean };
  /** Sum of squares of all elements -> []. */
  sum_squares: Empty;

  // --- shape
  reshape: Empty;
  transpose: { readonly permutation: readonly number[] };
  slice: { readonly begin: readonly number[] };
  concat: { readonly axis: number };
  broadcast_to: Empty;

  // --- linear algebra
  /** (a [..., M, K], b [..., K, N]) -> [..., M, N], leading dimensions equal; or b of rank 2 with any a. */
  matmul: { readonly transpose_a: boolean; readonly transpose_b: boolean };

  // --- neural networks
  /** (table [V, C], ids i32 [...]) -> [..., C] */
  embedding: Empty;
  /** (dy [..., C], ids i32 [...]) -> [rows, C]: rows of dy summed by id, in ascending position. */
  embedding_grad: { readonly rows: number };
  /** (x [..., C], weight [C], bias [C]) -> [..., C]; biased variance. A model without biases passes a constant 0. */
  layer_norm: { readonly epsilon: number };
  /** (x, weight, dy) -> dx */
  layer_norm_grad_x: { readonly epsilon: number };
  /** (x, dy) -> dweight [C]; the bias's gradient is a reduce_sum. */
  layer_norm_grad_weight: { readonly epsilon: number };
  /** (x [..., C], weight [C]) -> [..., C] */
  rms_norm: { readonly epsilon: number };
  /** (x, weight, dy) -> dx */
  rms_norm_grad_x: { readonly epsilon: number };
  /** (x, dy) -> dweight [C] */
  rms_norm_grad_weight: { readonly epsilon: number };
  /** Over the last axis. */
  softmax: Empty;
  /**
   * (scores [..., Tq, Tk], offset i32 []) -> softmax(scores * scale) over j <= i + offset, 0 elsewhere.
   */
  causal_softmax: { readonly scale: number };
  /** (y, dy) -> dx, where y is a softmax of x * scale. */
  softmax_grad: { readonly scale: number };
  /** (logits [N, V], labels i32 [N]) -> loss [N]; 0 where the label is ignore_index. */
  cross_entropy: { readonly ignore_index: number };
  /** (logits [N, V], labels i32 [N], dloss [N]) -> dlogits [N, V] */
  cross_entropy_grad: { readonly ignore_index: number };
  /**
   * (seed i32 []) -> a tensor of 0 and 1 / (1 - rate). Element e is kept when
   * hash32(seed, stream, e) >= rate * 2^32 (src/base/random.ts), on every device alike.
   */
  dropout_mask: { readonly rate: number; readonly stream: number };
  /**
   * (x [..., T, D], positions i32 [T]) -> x rotated as in Hugging Face: halves, not pairs.
   * `inverse` rotates back, which is the gradient.
   */
  rotary: { readonly theta: number; readonly inverse: boolean };
  /**
   * (cache [..., S, D], rows [..., T, D], position i32 []) -> cache with rows at position..position+T;
   * position + T is at most S.
   */
  cache_write: Empty;

  // --- attention over packed projections: a row of qkv holds the queries of all heads, then the keys and
  // --- the values of all key heads, head_size features each; query head h uses key head
  // --- floor(h * key_heads / heads), heads being a multiple of key_heads. `expand.ts` says what each computes in the ops above.
  /**
   * (qkv [batch * time, (heads + 2 key_heads) * head_size][, seed i32 [] where rate > 0])
   * -> [batch * time, heads * head_size]. Causal: softmax(q k^T * scale) over keys up to the query's own
   * position, times v. With a rate the weights are dropped after the softmax as by
   * dropout_mask(seed) {rate, stream} over [batch, heads, time, time].
   */
  attention: AttentionAttributes;
  /** (qkv[, seed]) -> [batch, heads, time]: log of the sum of exp(scaled score) over visible keys. */
  attention_lse: AttentionAttributes;
  /** (qkv, out, lse, dout[, seed]) -> dqkv, where out and lse are those of the two above. */
  attention_grad: AttentionAttributes;
  /**
   * (qkv [rows, width], positions i32 [time]) -> qkv with the first `heads` heads of each row rotated as by
   * `rotary`, the rest as it was. Row r has positions[r % time].
   */
  rotary_heads: {
    readonly heads: number;
    readonly head_size: number;
    readonly theta: number;
    readonly inverse: boolean;
    readonly time: number;
  };
  /**
   * (cache [B, key_heads, S, head_size], qkv [B * time, ...], position i32 [B]) -> cache with the keys (or
   * values) of sequence b in rows position[b]..position[b] + time, which is at most S.
   */
  cache_append: CacheAttributes & { readonly part: 'k' | 'v' };
  /**
   * (qkv [B * time, ...], k cache, v cache, position i32 [B]) -> [B * time, heads * head_size]: query i of
   * sequence b sees rows 0..position[b] + i of the caches, itself included.
   */
  cached_attention: CacheAttributes & { readonly scale: number };

  // --- decoding
  /**
   * (logits [B, V], uniform [B] in [0, 1), temperature [], top_k i32 [], top_p []) -> i32 [B], one id for
   * each row, by the rules of `pickToken` (inference/pick.ts).
   */
  sample_token: Empty;

  // --- order
  /**
   * (x, gate) -> x, not before gate has been computed. What is computed from it is thereby another
   * computation than the same from x itself: recomputed, not kept.
   */
  after: Empty;

  // --- optimizers; hyperparameters that change per step are f32 scalars that flow in
  /** beta * m + (1 - beta) * g: (m, g) */
  ema: { readonly beta: number };
  /** beta * v + (1 - beta) * g^2: (v, g) */
  ema_square: { readonly beta: number };
  /**
   * PyTorch's AdamW: (p, m, v, lr, bias1, bias2) -> p * (1 - lr * decay) - lr * (m / bias1) / (sqrt(v / bias2) + eps),
   * where bias1 = 1 - beta1^t and bias2 = 1 - beta2^t.
   */
  adamw_update: { readonly epsilon: number; readonly weight_decay: number };
  /** (p, direction, lr) -> p * (1 - lr * decay) - lr * direction */
  decayed_update: { readonly weight_decay: number };
}

export interface AttentionAttributes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
  readonly scale: number;
  /** Dropout of attention weights; 0 is none, and then there is no seed. */
  readonly rate: number;
  readonly stream: number;
}

export interface CacheAttributes {
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
  readonly time: number;
}

export type Empty = Readonly<Record<never, never>>;
export type OpName = keyof OpAttributes;

/** Number by number, without attributes, from one tensor. */
export type UnaryOp = Extract<
  OpName,
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'rsqrt'
  | 'square'
  | 'abs'
  | 'sign'
  | 'is_finite'
  | 'tanh'
  | 'sigmoid'
  | 'relu'
  | 'gelu'
  | 'gelu_new'
  | 'silu'
>;
/** (x, dy) -> dx */
export type ActivationGradOp = Extract<OpName, 'relu_grad' | 'gelu_grad' | 'gelu_new_grad' | 'silu_grad'>;
/** Number by number from two tensors, with broadcasting. */
export type BinaryOp = Extract<OpName, 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater'>;

export interface NodeOf<K extends OpName> {
  readonly id: NodeId;
  readonly op: K;
  readonly inputs: readonly NodeId[];
  readonly attributes: OpAttributes[K];
  readonly shape: readonly number[];
  /** The shape with its origins; same length as `shape`. */
  readonly dims: readonly Dim[];
  readonly dtype: DType;
  /** The module in Hugging Face's naming, such as `transformer.h.0.attn`, for messages and profiles. */
  readonly scope: string;
}

/** A union over all ops, so that `switch (node.op)` narrows the attributes. */
export type Node = { [K in OpName]: NodeOf<K> }[OpName];

/** What a tensor is for; the memory estimate is broken down by it. */
export type MemoryKind = 'weights' | 'gradients' | 'optimizer' | 'activations' | 'logits';

export interface StateSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly kind: 'parameter' | 'gradient' | 'optimizer' | 'cache';
}

/** What state counts as in the memory estimate. */
export const STATE_KIND: Readonly<Record<StateSpec['kind'], MemoryKind>> = {
  parameter: 'weights',
  gradient: 'gradients',
  optimizer: 'optimizer',
  cache: 'activations',
};

/** One static graph, planned once for fixed shapes, replayed. Functional: updates take effect at the end of a run. */
export interface Program {
  readonly name: string;
  /** Topological; `nodes[i].id === i`. */
  readonly nodes: readonly Node[];
  readonly inputs: Readonly<Record<string, NodeId>>;
  readonly state: Readonly<Record<string, NodeId>>;
  /** State name -> its value after the run. Same shape and dtype as before. */
  readonly updates: Readonly<Record<string, NodeId>>;
  /** Read back after the run. */
  readonly outputs: Readonly<Record<string, NodeId>>;
  /**
   * 'float16': what is computed on the way may be stored as IEEE halves where the device can; state,
   * inputs and outputs stay f32, and so does arithmetic. Not said: everything is f32.
   */
  readonly dtype?: 'float16' | undefined;
  /** What each node is for, by id; nodes without storage of their own (reshape, state) may repeat their input's. */
  readonly kinds: readonly MemoryKind[];
}
