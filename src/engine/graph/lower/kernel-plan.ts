import type { DType, MemoryKind } from '../ir.ts';
import type { MemoryBytes } from '../memory-plan.ts';
import type { Expression } from './expression.ts';

/**
 * A program made ready for devices with an arena of their own (wasm, webgpu): fused kernel calls, in
 * order, over tensors whose places are planned. Made once by `lower`; a device turns it into commands
 * and replays them. Pre-flight makes the very same plan, so what it shows is what is allocated.
 */
export interface KernelPlan {
  readonly name: string;
  /** `tensors[i].id === i`. */
  readonly tensors: readonly PlanTensor[];
  readonly calls: readonly KernelCall[];
  /** Fed on every run. */
  readonly inputs: Readonly<Record<string, TensorId>>;
  /** Read back after every run. */
  readonly outputs: Readonly<Record<string, TensorId>>;
  readonly arena_bytes: number;
  /** The arena by purpose, and with the state that the program touches; as in `MemoryPlan`. */
  readonly arena: MemoryBytes;
  readonly bytes: MemoryBytes;
}

export type TensorId = number;

/** What an element is in memory; kernels compute in f32 all the same. */
export type StorageType = DType | 'f16';

export interface PlanTensor {
  readonly id: TensorId;
  readonly shape: readonly number[];
  /**
   * f16 only in the arena, never of what is fed or read back, and only where lowering was asked for it: IEEE
   * halves, two bytes each. Rows, offset and row_stride are then multiples of four; see half.ts.
   */
  readonly dtype: StorageType;
  readonly place: TensorPlace;
  /** Of the first element, in elements from the start of the place. */
  readonly offset: number;
  /**
   * Elements from one row to the next, where a row is the last axis and all others are one; null when rows
   * follow one another without a gap. Only operands and results of `matmul` are ever strided.
   */
  readonly row_stride: number | null;
  readonly kind: MemoryKind;
}

export type TensorPlace =
  /** The whole of a state tensor, and of those in `then`, which lie right behind it in the session's layout. */
  | { readonly in: 'state'; readonly name: string; readonly then?: readonly string[] }
  /** `offset` in bytes, a multiple of 256. */
  | { readonly in: 'arena'; readonly offset: number };

/**
 * Every kernel with its attributes. `inputs` and `outputs` of a call are in the order given here, an
 * output that nobody needs is null. Tensors are f32 unless said otherwise. This list is the only one:
 * each device has one file for each kernel. Which inputs an output may lie over is said in aliasing.ts;
 * otherwise a call's inputs, outputs and scratch do not share memory. Scratch is always f32.
 */
export interface KernelAttributes {
  // --- elementwise
  /** (operands...) -> the expression's stores. Operands are broadcast to the shape of the first output as NumPy does. */
  elementwise: { readonly expression: Expression };

  // --- linear algebra
  /**
   * (a [batch, M, K], b [batch, K, N] or [K, N], epilogue operands...) -> the epilogue's stores [batch, M, N].
   * `epilogue` sees the product as operand 0 and the further inputs from 1 on; null stores the product. Its
   * operands have as many elements as the product, or N, or one.
   * With `sums` there is one more output at the end [N] or [M]: the sums of a's (b's) stored rows over K,
   * which is what a bias's gradient is. M, N, K are those of the product, after transposition.
   */
  matmul: {
    readonly batch: number;
    readonly m: number;
    readonly n: number;
    readonly k: number;
    readonly transpose_a: boolean;
    readonly transpose_b: boolean;
    /** b has no batch dimension. Then lowering has folded the batch into M wherever a is not transposed. */
    readonly shared_b: boolean;
    readonly epilogue: Expression | null;
    /** 'a': sums over K of op(a) -> [M]; 'b': sums over K of op(b) -> [N]. Only with batch 1. */
    readonly sums: 'a' | 'b' | null;
  };

  // --- reductions: x seen as [outer, size, inner] -> [outer, inner]
  reduce_sum: ReduceAttributes;
  reduce_max: ReduceAttributes;
  /** (x...) any number of tensors -> the sum of the squares of all their elements []. */
  sum_squares: { readonly chunk: number };

  // --- moving
  /**
   * Element (i0, i1, ...) of `extent` goes from offset + i . strides of x to the same of the result; any
   * may be 0. One to four axes, f32 or i32. What the extent does not reach of the result stays as it is.
   */
  copy: {
    readonly extent: readonly number[];
    readonly from_offset: number;
    readonly from_strides: readonly number[];
    readonly to_offset: number;
    readonly to_strides: readonly number[];
  };
  /** () -> a tensor of one number, f32 or i32 as its dtype says. */
  fill: { readonly value: number };
  /** () -> i32 [T] 0, 1, ... */
  iota: Record<never, never>;

  // --- neural networks
  /** (table [V, C], ids i32 [rows]) -> [rows, C] */
  embedding: { readonly rows: number; readonly width: number };
  /** (dy [rows, C], ids i32 [rows]) -> [table_rows, C], summed in ascending position. */
  embedding_grad: { readonly rows: number; readonly width: number; readonly table_rows: number };
  /** (x [rows, C], weight [C], bias [C]) -> y */
  layer_norm: NormAttributes;
  /** (x, weight, dy[, residual [rows, C] where `residual`]) -> dx (+ residual), dweight | null, dbias | null */
  layer_norm_grad: NormGradAttributes;
  /** (x, weight) -> y */
  rms_norm: NormAttributes;
  /** (x, weight, dy[, residual]) -> dx (+ residual), dweight | null */
  rms_norm_grad: NormGradAttributes;
  /** Over the last axis. (x [rows, width]) -> y */
  softmax: { readonly rows: number; readonly width: number };
  /** (y, dy) -> dx * scale */
  softmax_grad: { readonly rows: number; readonly width: number; readonly scale: number };
  /** (scores [batch, Tq, Tk], offset i32 []) */
  causal_softmax: {
    readonly batch: number;
    readonly tq: number;
    readonly tk: number;
    readonly scale: number;
  };
  /** (x [batch, T, D], positions i32 [T]) */
  rotary: {
    readonly batch: number;
    readonly time: number;
    readonly size: number;
    readonly theta: number;
    readonly inverse: boolean;
  };
  /** (cache [batch, S, D], rows [batch, T, D], position i32 []) -> cache, in place or copied first. */
  cache_write: {
    readonly batch: number;
    readonly capacity: number;
    readonly time: number;
    readonly size: number;
  };
  /**
   * (logits [rows, V], labels i32 [rows], dloss [rows] or []) -> losses [rows] | null, dlogits [rows, V] | null,
   * the latter most often over the logits themselves. Without dlogits there is no dloss input.
   */
  cross_entropy: { readonly rows: number; readonly vocab: number; readonly ignore_index: number };

  // --- attention; the meaning of each is that of the op of the same name in ir.ts
  /** (qkv[, seed i32 []]) -> out | null, lse [batch, heads, time] | null */
  attention: AttentionKernel;
  /**
   * (qkv, out, lse, dout[, seed][, positions i32 [time] where `turned`]) -> dqkv; scratch holds delta
   * [batch, heads, time]. `turned`: queries and keys had been rotated, and their gradients are rotated back.
   */
  attention_grad: AttentionGradKernel;
  /** (qkv, positions i32 [time]) -> qkv rotated, in place or not. */
  rotary_heads: {
    readonly rows: number;
    readonly time: number;
    /** Elements of a row of qkv. */
    readonly width: number;
    readonly heads: number;
    readonly head_size: number;
    readonly theta: number;
    readonly inverse: boolean;
  };
  /** (cache [batch, key_heads, S, D], qkv [batch * T, ...], position i32 [batch]) -> cache */
  cache_append: CacheKernel & { readonly part: 'k' | 'v' };
  /** (qkv, k cache, v cache, position i32 [batch]) -> [batch * T, heads * D] */
  cached_attention: CacheKernel & { readonly scale: number };

  // --- decoding
  /** (logits [rows, V], uniform [rows], temperature [], top_k i32 [], top_p []) -> i32 [rows] */
  sample_token: { readonly rows: number; readonly vocab: number };

  // --- optimizers
  /**
   * (lr [], bias1 [], bias2 [], factor [] where `clipped`, finite [] where `guarded`, then for each segment
   * p, m, v, g) -> for each segment p, m, v, always in place. factor multiplies g first; where finite is 0
   * nothing is written. The formulas are those of ema, ema_square and adamw_update in ir.ts.
   */
  adamw: {
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly clipped: boolean;
    readonly guarded: boolean;
    /** One per segment. */
    readonly weight_decay: readonly number[];
  };
}

interface ReduceAttributes {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

interface NormAttributes {
  readonly rows: number;
  readonly width: number;
  readonly epsilon: number;
}

interface NormGradAttributes extends NormAttributes {
  readonly residual: boolean;
}

export interface AttentionKernel {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
  readonly scale: number;
  /** Dropout of attention weights: rate 0 is none. Element e of [batch, heads, time, time], hashed with seed and stream. */
  readonly rate: number;
  readonly stream: number;
}

export interface AttentionGradKernel extends AttentionKernel {
  readonly turned: { readonly theta: number } | null;
}

export interface CacheKernel {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
  readonly capacity: number;
}

export type KernelName = keyof KernelAttributes;

export interface KernelCallOf<K extends KernelName> {
  readonly kernel: K;
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly (TensorId | null)[];
  readonly attributes: KernelAttributes[K];
  /**
   * f32 room for partial results, planned like any tensor and free again after the call; null where the
   * kernel needs none. How much each kernel gets is written once, in scratch.ts, for all devices, and
   * does not depend on the number of threads: sums are added in an order that is fixed by the plan.
   */
  readonly scratch: TensorId | null;
  /** The module in Hugging Face's naming, for messages and profiles. */
  readonly scope: string;
  readonly flops: number;
  /** Bytes that must be read and written at least: each distinct operand and result once. */
  readonly bytes: number;
}

export type KernelCall = { [K in KernelName]: KernelCallOf<K> }[KernelName];
