import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OpContext } from '../kernel.ts';

/**
 * Kernels that are loops over memory the processor shares with tfjs: the cpu backend's typed arrays or
 * the wasm backend's heap. Views must be taken after the output was made, since making it may grow the
 * heap, which detaches them.
 */
export interface HostMemory {
  /** A new f32 tensor; what it holds is not defined. */
  create(shape: readonly number[]): TensorInfo;
  f32(tensor: TensorInfo): Float32Array;
  i32(tensor: TensorInfo): Int32Array;
}

/** Makes the output as a tensor that the node owns. */
export function output(o: OpContext, memory: HostMemory, shape: readonly number[]): TensorInfo {
  return o.own(memory.create(shape));
}
