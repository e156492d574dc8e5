import type { KernelAttributes, KernelName } from './kernel-plan.ts';

/**
 * How partial results are cut. Each chunk is summed by itself and the chunks' sums are added in ascending
 * order, so results do not depend on how many threads or workgroups there are.
 */

/** Rows of a norm whose gradients of weight and bias are summed together. */
export const NORM_CHUNK = 32;
/** Elements of the reduced axis that are summed together; axes up to twice as long are not cut. */
export const REDUCE_CHUNK = 256;
/** Elements whose squares are summed together. Chunks never reach over the end of a tensor. */
export const SUM_SQUARES_CHUNK = 4096;

/** Pieces that a reduced axis of `size` elements is cut into; 1 where it is not. */
export function reduceChunks(size: number): number {
  return size <= 2 * REDUCE_CHUNK ? 1 : Math.ceil(size / REDUCE_CHUNK);
}

/** Elements of a matrix product's right side that are packed at once. */
const MATMUL_PACK = 1 << 20;
/** Columns that are packed together. */
const MATMUL_PANEL = 8;

/** Room for the right side of a product, whole panels of columns. */
export function matmulPackElements({ batch, n, k, shared_b }: KernelAttributes['matmul']): number {
  const panel = k * MATMUL_PANEL;
  const whole = Math.ceil(n / MATMUL_PANEL) * panel * (shared_b ? 1 : batch);
  return Math.min(whole, Math.max(panel, MATMUL_PACK));
}

/** Products with so few rows read their right side as it lies: packing it would cost more than it gains. */
const NARROW_ROWS = 8;
/** Into how many pieces the rows of the right side are dealt then, and how many are worth a piece. */
const NARROW_PIECES = 16;
const NARROW_PIECE_ELEMENTS = 32_768;

export function isNarrowMatmul({ m, transpose_a, sums }: KernelAttributes['matmul']): boolean {
  return m <= NARROW_ROWS && !transpose_a && sums === null;
}

/** Rows of k that are summed by themselves in a narrow product whose right side is not transposed. */
export function matmulPieces({ k, n, transpose_b }: KernelAttributes['matmul']): {
  readonly rows: number;
  readonly pieces: number;
} {
  if (transpose_b) return { rows: k, pieces: 0 };
  const most = Math.max(1, Math.min(NARROW_PIECES, Math.floor((k * n) / NARROW_PIECE_ELEMENTS)));
  const rows = Math.max(1, Math.ceil(k / most));
  return { rows, pieces: Math.max(1, Math.ceil(k / rows)) };
}

/** The parts of a call that say how much scratch it needs. */
export interface ScratchRequest<K extends KernelName> {
  readonly kernel: K;
  readonly attributes: KernelAttributes[K];
  /** Elements of each input. */
  readonly sizes: readonly number[];
  /** Whether each output is wanted. */
  readonly wanted: readonly boolean[];
}

type Sizes = { readonly [K in KernelName]?: (request: ScratchRequest<K>) => number };

/** f32 elements, by kernel; what is not listed needs none. */
const SCRATCH: Sizes = {
  /** [chunks, outer, inner] where the axis is cut. */
  reduce_sum: ({ attributes: { outer, size, inner } }) => partials(outer, size, inner),
  reduce_max: ({ attributes: { outer, size, inner } }) => partials(outer, size, inner),
  /** One for each chunk of each input, in order. */
  sum_squares: ({ sizes, attributes: { chunk } }) =>
    sizes.reduce((total, size) => total + Math.ceil(size / chunk), 0),
  /** [chunks, width] for the weight, then the same for the bias, where either is wanted; or two numbers a row. */
  layer_norm_grad: ({ attributes: { rows, width }, wanted }) =>
    wanted[1] || wanted[2] ? 2 * Math.max(Math.ceil(rows / NORM_CHUNK) * width, rows) : 0,
  rms_norm_grad: ({ attributes: { rows, width }, wanted }) =>
    wanted[1] ? Math.max(Math.ceil(rows / NORM_CHUNK) * width, rows) : 0,
  /** The right side, as much of it as fits, in the order in which it is read; or sums of pieces of k. */
  matmul: ({ attributes }) =>
    isNarrowMatmul(attributes)
      ? attributes.batch * attributes.m * attributes.n * matmulPieces(attributes).pieces
      : matmulPackElements(attributes),
  /** delta [batch, heads, time]: the sum of out * dout of each query. */
  attention_grad: ({ attributes: { batch, heads, time } }) => batch * heads * time,
};

/** f32 elements of scratch; 0 where the kernel needs none. */
export function scratchElements<K extends KernelName>(request: ScratchRequest<K>): number {
  const size = SCRATCH[request.kernel] as ((request: ScratchRequest<K>) => number) | undefined;
  return size === undefined ? 0 : size(request);
}

function partials(outer: number, size: number, inner: number): number {
  const chunks = reduceChunks(size);
  return chunks === 1 ? 0 : chunks * outer * inner;
}
