import { sizeOf } from '../../../graph/sizes.ts';
import type { Kernels, Numbers } from './kernel.ts';
import { input } from './kernel.ts';

/** rows x columns -> columns x rows */
function transposed(x: Numbers, start: number, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const base = start + r * columns;
    for (let c = 0; c < columns; c++) result[c * rows + r] = x[base + c] as number;
  }
  return result;
}

function copied(x: Numbers, start: number, size: number): Float64Array {
  const result = new Float64Array(size);
  for (let i = 0; i < size; i++) result[i] = x[start + i] as number;
  return result;
}

/**
 * a [M, K] times b [K, N] into out, summed in float64. Two rows of the result are gathered at a time, in
 * buffers that stay in the cache while rows of b stream through, four at a time.
 */
function multiply(
  a: Float64Array,
  b: Float64Array,
  out: Numbers,
  at: number,
  m: number,
  k: number,
  n: number,
): void {
  const first = new Float64Array(n);
  const second = new Float64Array(n);
  for (let i = 0; i < m; i += 2) {
    first.fill(0);
    second.fill(0);
    const p = i * k;
    // Without a second row the first is computed twice.
    const q = i + 1 < m ? p + k : p;
    let r = 0;
    for (; r + 4 <= k; r += 4) {
      addFour(a, p + r, q + r, b, r * n, n, first, second);
    }
    for (; r < k; r++) {
      const x = a[p + r] as number;
      const y = a[q + r] as number;
      for (let j = 0; j < n; j++) {
        const value = b[r * n + j] as number;
        first[j] = (first[j] as number) + x * value;
        second[j] = (second[j] as number) + y * value;
      }
    }
    out.set(first, at + i * n);
    if (i + 1 < m) out.set(second, at + (i + 1) * n);
  }
}

/** Adds to both rows four elements of a times four rows of b. */
function addFour(
  a: Float64Array,
  p: number,
  q: number,
  b: Float64Array,
  start: number,
  n: number,
  first: Float64Array,
  second: Float64Array,
): void {
  const p0 = a[p] as number;
  const p1 = a[p + 1] as number;
  const p2 = a[p + 2] as number;
  const p3 = a[p + 3] as number;
  const q0 = a[q] as number;
  const q1 = a[q + 1] as number;
  const q2 = a[q + 2] as number;
  const q3 = a[q + 3] as number;
  for (let j = 0; j < n; j++) {
    const at = start + j;
    const b0 = b[at] as number;
    const b1 = b[at + n] as number;
    const b2 = b[at + 2 * n] as number;
    const b3 = b[at + 3 * n] as number;
    first[j] = (first[j] as number) + p0 * b0 + p1 * b1 + p2 * b2 + p3 * b3;
    second[j] = (second[j] as number) + q0 * b0 + q1 * b1 + q2 * b2 + q3 * b3;
  }
}

export const matmulKernels: Kernels<'matmul'> = {
  matmul: (call) => {
    const { transpose_a, transpose_b } = call.node.attributes;
    const a = input(call, 0);
    const b = input(call, 1);
    const aShape = call.shapes[0] ?? [];
    const bShape = call.shapes[1] ?? [];
    const rank = call.node.shape.length;
    const m = call.node.shape[rank - 2] as number;
    const n = call.node.shape[rank - 1] as number;
    const k = aShape[aShape.length - (transpose_a ? 2 : 1)] as number;
    const batches = sizeOf(call.node.shape.slice(0, rank - 2));
    const right = (start: number): Float64Array =>
      transpose_b ? transposed(b, start, n, k) : copied(b, start, k * n);
    const shared = bShape.length === 2 ? right(0) : null;
    for (let batch = 0; batch < batches; batch++) {
      const left = transpose_a ? transposed(a, batch * m * k, k, m) : copied(a, batch * m * k, m * k);
      multiply(left, shared ?? right(batch * k * n), call.out, batch * m * n, m, k, n);
    }
  },
};
