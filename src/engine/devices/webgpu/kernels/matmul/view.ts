import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import type { KernelContext } from '../../dispatch.ts';
import { read, type Vector, type Wanted } from '../../wanted.ts';

/** One side of a product as it lies in memory. */
export interface Side {
  readonly wanted: Wanted;
  /** The tensor in vectors of four along the axis that is contiguous. */
  readonly vector: 1 | 4;
  /** Whether neighbours along K lie together, else neighbours along M or N do. */
  readonly along_k: boolean;
  /** Elements from one batch to the next; 0 where all share one matrix. */
  readonly batch_stride: number;
}

/** op(a)'s element (outer, k) and op(b)'s (k, outer), where outer is the row or column of the product. */
export function side(
  call: KernelCallOf<'matmul'>,
  context: KernelContext,
  which: 'a' | 'b',
  wish: 1 | 4 = 4,
): Side {
  const { m, n, k, transpose_a, transpose_b, shared_b, batch } = call.attributes;
  const id = call.inputs[which === 'a' ? 0 : 1] as number;
  const outer = which === 'a' ? m : n;
  const along_k = which === 'a' ? !transpose_a : transpose_b;
  const width = along_k ? k : outer;
  const rows = along_k ? outer : k;
  const stride = context.tensor(id).row_stride ?? width;
  const vector: Vector = wish === 4 && width % 4 === 0 && stride % 4 === 0 ? 4 : 1;
  const alone = batch === 1 || (which === 'b' && shared_b);
  return {
    wanted: read(id, vector),
    vector,
    along_k,
    batch_stride: alone ? 0 : rows * stride,
  };
}
