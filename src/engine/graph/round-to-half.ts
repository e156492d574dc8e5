/** The IEEE half that is nearest, of two the one whose last bit is 0; beyond the largest half infinity. */
export function roundToHalf(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(value)) return value;
  if (size >= 65_520) return Math.sign(value) * Number.POSITIVE_INFINITY;
  const step = 2 ** (Math.max(Math.floor(Math.log2(size)), -14) - 10);
  const steps = size / step;
  const below = Math.floor(steps);
  const isOdd = below % 2 === 1;
  const over = steps - below;
  return Math.sign(value) * step * (over > 0.5 || (over === 0.5 && isOdd) ? below + 1 : below);
}
