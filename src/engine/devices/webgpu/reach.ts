import type { PlanTensor, TensorId } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { type ByteRange, firstByte, rangeOf, widthOf } from './spaces.ts';
import type { Scalar, Vector, Wanted } from './wanted.ts';

/** What a dispatch wants of memory, whether one tensor or several, as bytes of a space. */
export interface Reach {
  readonly range: ByteRange;
  readonly written: boolean;
  readonly scalar: Scalar;
  readonly vector: Vector;
  /** Elements from one row to the next. */
  readonly row_stride: number;
  /** Byte of the space at which each tensor begins. */
  readonly firsts: readonly number[];
  /** Where rows have gaps: bytes of a row and from one to the next. */
  readonly gaps: { readonly width: number; readonly stride: number } | null;
}

export function idsOf(wanted: Wanted): readonly TensorId[] {
  if ('table' in wanted) return [];
  return 'tensor' in wanted ? [wanted.tensor] : wanted.tensors;
}

/** Null for a table, which lies in no space. */
export function reachOf(
  wanted: Wanted,
  tensor: (id: TensorId) => PlanTensor,
  state: StateLayout,
): Reach | null {
  if ('table' in wanted) return null;
  const tensors = idsOf(wanted).map(tensor);
  const [first] = tensors;
  if (first === undefined) throw new RangeError('a span of no tensors');
  const part = 'part' in wanted ? wanted.part : undefined;
  const ranges = tensors.map((one) => rangeOf(one, state, part));
  const { space } = ranges[0] as ByteRange;
  if (ranges.some((range) => range.space !== space)) throw new RangeError('a span lies in one space');
  const width = first.shape.at(-1) ?? 1;
  const bytes = widthOf(first.dtype);
  const strided = tensors.length === 1 && first.row_stride !== null && sizeOf(first.shape) > width;
  return {
    range: {
      space,
      start: Math.min(...ranges.map((range) => range.start)),
      end: Math.max(...ranges.map((range) => range.end)),
    },
    written: wanted.access === 'write',
    scalar: ('type' in wanted ? wanted.type : undefined) ?? first.dtype,
    vector: wanted.vector ?? 1,
    row_stride: first.row_stride ?? width,
    firsts: tensors.map((one) => firstByte(one, state) + widthOf(one.dtype) * (part?.first ?? 0)),
    gaps: strided ? { width: bytes * width, stride: bytes * (first.row_stride as number) } : null,
  };
}

/** Whether the order of two dispatches that have these matters. */
export function conflict(a: Reach, b: Reach): boolean {
  if (!a.written && !b.written) return false;
  if (a.range.space !== b.range.space) return false;
  if (a.range.end <= b.range.start || b.range.end <= a.range.start) return false;
  if (a.gaps === null || b.gaps === null || a.gaps.stride !== b.gaps.stride) return true;
  // Columns side by side in rows of one matrix.
  const { stride } = a.gaps;
  const apart = ((((b.firsts[0] as number) - (a.firsts[0] as number)) % stride) + stride) % stride;
  return apart < a.gaps.width || apart + b.gaps.width > stride;
}
