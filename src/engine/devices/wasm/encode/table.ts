import type { Encoders } from '../command.ts';
import { adamw } from './adamw.ts';
import { encodeAttention, encodeAttentionGrad, encodeCachedAttention } from './attention.ts';
import { cacheAppend, cacheWrite } from './cache.ts';
import { copy } from './copy.ts';
import { crossEntropy } from './cross-entropy.ts';
import { elementwise } from './elementwise.ts';
import { embedding, embeddingGrad } from './embedding.ts';
import { fill, iota } from './fill.ts';
import { encodeMatmul } from './matmul.ts';
import { layerNorm, layerNormGrad, rmsNorm, rmsNormGrad } from './norm.ts';
import { reduceMax, reduceSum } from './reduce.ts';
import { rotary, rotaryHeads } from './rotary.ts';
import { sampleToken } from './sample.ts';
import { causalSoftmax, softmax, softmaxGrad } from './softmax.ts';
import { sumSquares } from './sum-squares.ts';

/**
 * How each kernel call becomes commands. A new kernel is one file in ../assembly/ with its line in
 * ../assembly/index.ts, and its encoder with a line here.
 */
export const ENCODERS: Encoders = {
  adamw,
  attention: encodeAttention,
  attention_grad: encodeAttentionGrad,
  cache_append: cacheAppend,
  cache_write: cacheWrite,
  cached_attention: encodeCachedAttention,
  causal_softmax: causalSoftmax,
  copy,
  cross_entropy: crossEntropy,
  elementwise,
  embedding,
  embedding_grad: embeddingGrad,
  fill,
  iota,
  layer_norm: layerNorm,
  layer_norm_grad: layerNormGrad,
  matmul: encodeMatmul,
  reduce_max: reduceMax,
  reduce_sum: reduceSum,
  rms_norm: rmsNorm,
  rms_norm_grad: rmsNormGrad,
  rotary,
  rotary_heads: rotaryHeads,
  sample_token: sampleToken,
  softmax,
  softmax_grad: softmaxGrad,
  sum_squares: sumSquares,
};
