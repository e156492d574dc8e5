/** What follows from a shape alone. Loops, not callbacks: lowering asks for each node, many times over. */

/** Elements. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i] as number;
  return size;
}

/** Row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Elements from a tensor's first to the one after its last, gaps between rows counted. */
export function extentOf(tensor: {
  readonly shape: readonly number[];
  readonly row_stride: number | null;
}): number {
  const { shape, row_stride } = tensor;
  const size = sizeOf(shape);
  if (row_stride === null || size === 0) return size;
  const width = shape[shape.length - 1] ?? 1;
  return (size / width - 1) * row_stride + width;
}
