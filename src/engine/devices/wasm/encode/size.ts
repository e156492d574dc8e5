/** Rows of `width` elements that make a unit of about 8,192 elements. */
export function rowsOfUnit(width: number): number {
  return Math.max(1, Math.floor(8192 / Math.max(1, width)));
}
