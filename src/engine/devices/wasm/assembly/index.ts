/**
 * The module. What it exports besides `heapBase`, `init`, `run`, `resume` and `serve` are kernels, each
 * `(args: usize, unit: i32, thread: i32): void`: `args` is the address of the command's words, `unit` the
 * part to compute, `thread` the number of the computing thread, for its scratch memory.
 *
 * Adding a kernel: its file here with one line below, its file in ../encode/ with one line in
 * ../encode/table.ts (the compiler says when that line is missing). Commands name kernels by these
 * exports; their numbers are given when the module is loaded.
 */
export { heapBase } from './heap';
export { init, resume, run, serve } from './replay';

export { adamw } from './adamw';
export { attention } from './attention';
export { attention_grad } from './attention-grad';
export { cache_rows } from './cache';
export { cached_attention } from './cached-attention';
export { copy } from './copy';
export { cross_entropy } from './cross_entropy';
export { elementwise } from './elementwise';
export { embedding, embedding_grad } from './embedding';
export { fill, iota } from './fill';
export { gemm } from './gemm';
export { gemm_pack } from './gemm-pack';
export { gemv_pieces, gemv_rows, gemv_total } from './gemv';
export { layer_norm, rms_norm } from './norm';
export { norm_grad } from './norm_grad';
export { probe_copy, probe_madd, probe_read } from './probes';
export { reduce_max_part, reduce_sum_part } from './reduce';
export { rotary_rows, rotary_table } from './rotary';
export { sample_token } from './sample';
export { causal_softmax, softmax, softmax_grad } from './softmax';
export { sum_squares_part } from './sum_squares';
