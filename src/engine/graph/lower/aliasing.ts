import type { KernelName } from './kernel-plan.ts';

/**
 * Which input of a kernel an output may lie over: the kernel reads each element of that input before it
 * writes the same element of the output, and reads it no more after. Elsewhere inputs, outputs and
 * scratch of a call never share a byte. Inputs of `elementwise` and the epilogue operands of `matmul` may
 * be written over where they have as many elements as the result; that is not in this table.
 */
const OVER: { readonly [K in KernelName]?: readonly (readonly [output: number, input: number])[] } = {
  softmax: [[0, 0]],
  causal_softmax: [[0, 0]],
  softmax_grad: [
    [0, 0],
    [0, 1],
  ],
  cross_entropy: [[1, 0]],
  // The residual is only ever added to what is written in its place.
  layer_norm_grad: [[0, 3]],
  rms_norm_grad: [[0, 3]],
  rotary_heads: [[0, 0]],
  cache_write: [[0, 0]],
  cache_append: [[0, 0]],
};

const NONE: readonly (readonly [number, number])[] = [];

export function mayLieOver(kernel: KernelName): readonly (readonly [output: number, input: number])[] {
  return OVER[kernel] ?? NONE;
}

/** The first input of an elementwise kernel that outputs may lie over; null where the table decides. */
export function firstElementwiseInput(kernel: KernelName): number | null {
  if (kernel === 'elementwise') return 0;
  return kernel === 'matmul' ? 2 : null;
}
