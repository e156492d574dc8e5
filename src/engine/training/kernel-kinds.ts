import type { KernelName } from '../graph/lower/kernel-plan.ts';

/** What kernels do, in the words and the order in which people are told of them. */
export const KERNEL_KINDS = [
  'Matrix products',
  'Attention',
  'Norms',
  'Loss',
  'Embeddings',
  'Sampling',
  'Optimizer',
  'Elementwise',
  'Reductions',
  'Moving data',
] as const;
export type KernelKind = (typeof KERNEL_KINDS)[number];

const KINDS: Readonly<Record<KernelName, KernelKind>> = {
  matmul: 'Matrix products',
  attention: 'Attention',
  attention_grad: 'Attention',
  cached_attention: 'Attention',
  cache_append: 'Attention',
  cache_write: 'Attention',
  causal_softmax: 'Attention',
  softmax: 'Attention',
  softmax_grad: 'Attention',
  rotary: 'Attention',
  rotary_heads: 'Attention',
  layer_norm: 'Norms',
  layer_norm_grad: 'Norms',
  rms_norm: 'Norms',
  rms_norm_grad: 'Norms',
  cross_entropy: 'Loss',
  sample_token: 'Sampling',
  embedding: 'Embeddings',
  embedding_grad: 'Embeddings',
  adamw: 'Optimizer',
  sum_squares: 'Optimizer',
  elementwise: 'Elementwise',
  reduce_sum: 'Reductions',
  reduce_max: 'Reductions',
  copy: 'Moving data',
  fill: 'Moving data',
  iota: 'Moving data',
};

/** A device may add its own word after the kernel's name ("matmul f16"); what it made up itself is moving data. */
export function kernelKind(kernel: string): KernelKind {
  const name = /^\w+/.exec(kernel)?.[0] ?? '';
  return Object.hasOwn(KINDS, name) ? KINDS[name as KernelName] : 'Moving data';
}
