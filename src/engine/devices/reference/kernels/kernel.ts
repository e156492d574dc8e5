import type { NodeOf, OpName } from '../../../graph/ir.ts';
import { sizeOf } from '../../../graph/sizes.ts';

export type Numbers = Float32Array | Float64Array | Int32Array;

export interface Call<K extends OpName> {
  readonly node: NodeOf<K>;
  readonly inputs: readonly Numbers[];
  readonly shapes: readonly (readonly number[])[];
  /** May be the storage of an input that the op table lists under `inPlace`. */
  readonly out: Numbers;
}

/** Computes a node. Sums are kept in float64 whatever the storage is. */
export type Kernel<K extends OpName> = (call: Call<K>) => void;

export type Kernels<K extends OpName> = { readonly [Name in K]: Kernel<Name> };

export function input(call: { readonly inputs: readonly Numbers[] }, index: number): Numbers {
  const values = call.inputs[index];
  if (values === undefined) throw new RangeError(`input ${index} is missing`);
  return values;
}

/** The last dimension and how many rows there are of it. */
export function rowsOf(shape: readonly number[]): readonly [rows: number, width: number] {
  const width = shape[shape.length - 1] ?? 1;
  return [width === 0 ? 0 : sizeOf(shape) / width, width];
}

/**
 * Calls `visit(to, from)` for each element of `shape`, in row-major order: `to` counts up, `from` walks
 * with the given strides, of which 0 repeats.
 */
export function walk(
  shape: readonly number[],
  strides: readonly number[],
  start: number,
  visit: (to: number, from: number) => void,
): void {
  const rank = shape.length;
  const total = sizeOf(shape);
  const index = new Array<number>(rank).fill(0);
  let from = start;
  for (let to = 0; to < total; to++) {
    visit(to, from);
    for (let axis = rank - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}
