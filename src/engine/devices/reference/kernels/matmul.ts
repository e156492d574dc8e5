import type { Kernels, Numbers } from './kernel.ts';
import { count, input } from './kernel.ts';

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
 * a [M, K] times b [K, N] into out, summed in float64. Rows of the result are gathered in a buffer that
 * stays in the cache while four rows of b stream through.
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
  const row = new Float64Array(n);
  const whole = k - (k % 4);
  for (let i = 0; i < m; i++) {
    row.fill(0);
    const base = i * k;
    for (let p = 0; p < whole; p += 4) {
      const a0 = a[base + p] as number;
      const a1 = a[base + p + 1] as number;
      const a2 = a[base + p + 2] as number;
      const a3 = a[base + p + 3] as number;
      const b0 = p * n;
      const b1 = b0 + n;
      const b2 = b1 + n;
      const b3 = b2 + n;
      for (let j = 0; j < n; j++) {
        row[j] =
          (row[j] as number) +
          a0 * (b[b0 + j] as number) +
          a1 * (b[b1 + j] as number) +
          a2 * (b[b2 + j] as number) +
          a3 * (b[b3 + j] as number);
      }
    }
    for (let p = whole; p < k; p++) {
      const value = a[base + p] as number;
      for (let j = 0; j < n; j++) row[j] = (row[j] as number) + value * (b[p * n + j] as number);
    }
    out.set(row, at + i * n);
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
    const batches = count(call.node.shape.slice(0, rank - 2));
    const right = (start: number): Float64Array =>
      transpose_b ? transposed(b, start, n, k) : copied(b, start, k * n);
    const shared = bShape.length === 2 ? right(0) : null;
    for (let batch = 0; batch < batches; batch++) {
      const left = transpose_a ? transposed(a, batch * m * k, k, m) : copied(a, batch * m * k, m * k);
      multiply(left, shared ?? right(batch * k * n), call.out, batch * m * n, m, k, n);
    }
  },
};
