/** How many elements a tensor of that shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Rows of `width` elements that make a unit of about 8,192 elements. */
export function rowsOfUnit(width: number): number {
  return Math.max(1, Math.floor(8192 / Math.max(1, width)));
}
