import type { KernelName } from '../../../graph/lower/kernel-plan.ts';
import type { Kernel } from '../dispatch.ts';
import { adamw } from './adamw.ts';
import { attention } from './attention.ts';
import { attention_grad } from './attention_grad.ts';
import { cache_append, cache_write } from './cache.ts';
import { cached_attention } from './cached_attention.ts';
import { cross_entropy } from './cross_entropy.ts';
import { elementwise } from './elementwise.ts';
import { embedding } from './embedding.ts';
import { embedding_grad } from './embedding_grad.ts';
import { layer_norm } from './layer_norm.ts';
import { layer_norm_grad } from './layer_norm_grad.ts';
import { matmul } from './matmul.ts';
import { copy, fill, iota } from './move.ts';
import { reduce_max, reduce_sum } from './reduce.ts';
import { rms_norm } from './rms_norm.ts';
import { rms_norm_grad } from './rms_norm_grad.ts';
import { rotary } from './rotary.ts';
import { rotary_heads } from './rotary_heads.ts';
import { sample_token } from './sample_token.ts';
import { causal_softmax, softmax, softmax_grad } from './softmax.ts';
import { sum_squares } from './sum_squares.ts';

/** Every kernel of a plan; one that is added there is a type error until it is here. */
export const KERNELS: { readonly [K in KernelName]: Kernel<K> } = {
  elementwise,
  reduce_sum,
  reduce_max,
  sum_squares,
  matmul,
  copy,
  fill,
  iota,
  embedding,
  embedding_grad,
  softmax,
  softmax_grad,
  causal_softmax,
  rotary,
  rotary_heads,
  cache_write,
  cache_append,
  cached_attention,
  sample_token,
  rms_norm_grad,
  rms_norm,
  layer_norm_grad,
  layer_norm,
  cross_entropy,
  attention_grad,
  attention,
  adamw,
};
