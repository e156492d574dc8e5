import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { CompoundOp } from '../../graph/expand.ts';
import type { BinaryOp, NodeOf, OpName, UnaryOp } from '../../graph/ir.ts';

/**
 * How an op is computed on tfjs. Kernels are called directly, with their backend handed in, and never
 * through tfjs's engine: several devices can then live in one worker, since no global backend is set,
 * and no tensor is tracked but by us.
 */

/** What the executor provides itself; all other ops are in a device's kernel table. */
export type SourceOp = 'input' | 'state' | 'constant' | 'iota';
/** What is gone from a program before it runs here: `planProgram` expands it, `HostSampling` takes the draws out. */
export type AbsentOp = CompoundOp | 'sample_token';
export type TfjsOp = Exclude<OpName, SourceOp | AbsentOp>;

export type Inputs = readonly TensorInfo[];
export type Kernel<K extends TfjsOp> = (context: OpContext, node: NodeOf<K>, inputs: Inputs) => TensorInfo;

/** Keyed by op name, so that an op without a kernel is a type error. */
export type KernelTable = { readonly [K in TfjsOp]: Kernel<K> };

/** The ops that tfjs has a kernel for on every backend, or nearly so. */
export type PlainOp =
  | Exclude<UnaryOp, 'gelu' | 'gelu_new' | 'silu' | 'is_finite'>
  | BinaryOp
  | 'add_n'
  | 'where'
  | 'reduce_max'
  | 'reshape'
  | 'transpose'
  | 'slice'
  | 'concat'
  | 'broadcast_to'
  | 'after'
  | 'matmul';
export type PlainTable = { readonly [K in PlainOp]: Kernel<K> };

/** The ops that would be several tfjs kernels; each family of backends has its own way. */
export type FusedOp = Exclude<TfjsOp, PlainOp>;
export type FusedTable = { readonly [K in FusedOp]: Kernel<K> };

/**
 * What a kernel may use while it computes one node. Every tensor made through it is freed when the node
 * is done, except the one that the kernel returns; that one must have been made here, too.
 */
export interface OpContext {
  /** Runs a tfjs kernel by its tfjs name. */
  call(kernel: string, inputs: KernelInputs, attributes?: object): TensorInfo;
  /** Takes over a tensor that was made outside of `call`. */
  own(tensor: TensorInfo): TensorInfo;
  /** A tensor of rank 0 that lives as long as the device is in use. */
  scalar(value: number): TensorInfo;
  /** The values of an i32 tensor that came from the host. Compiling checks this where a kernel needs them. */
  hostValues(tensor: TensorInfo): Int32Array;
  /** A tensor computed on the host from such values, made once a run for each (tensor, key). */
  derived(tensor: TensorInfo, key: string, make: () => HostTensor): TensorInfo;
}

/** By tfjs's names; the kernels that take any number want a list. */
export type KernelInputs = Readonly<Record<string, TensorInfo>> | readonly TensorInfo[];

export interface HostTensor {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** Operands that must come from the host: kernels ask `fed` or `derived` for them. By op, the input's index. */
export const HOST_OPERANDS: Partial<Record<OpName, number>> = {
  embedding_grad: 1,
  dropout_mask: 0,
  rotary: 1,
};

export function at(inputs: Inputs, index: number): TensorInfo {
  const tensor = inputs[index];
  if (tensor === undefined) throw new TypeError(`A node has no input ${index}`);
  return tensor;
}

/** The last dimension; 1 for a scalar. */
export function lastOf(shape: readonly number[]): number {
  return shape.at(-1) ?? 1;
}
