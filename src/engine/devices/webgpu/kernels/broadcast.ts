import { sizeOf } from '../../../graph/sizes.ts';

/** An axis of the output, or several that are walked as one. */
export interface Axis {
  readonly extent: number;
  /** Elements of the operand from one to the next; 0 repeats. */
  readonly stride: number;
}

/**
 * How an operand is read to fill a shape as NumPy broadcasts: axes from the outermost to the innermost,
 * neighbours joined; none where the operand is a single number.
 */
export function broadcast(from: readonly number[], to: readonly number[]): Axis[] {
  const axes: { extent: number; stride: number }[] = [];
  let stride = sizeOf(from);
  if (stride === 1) return [];
  const extra = to.length - from.length;
  for (const [axis, extent] of to.entries()) {
    const own = axis < extra ? 1 : (from[axis - extra] as number);
    stride /= own;
    if (extent === 1) continue;
    const step = own === 1 ? 0 : stride;
    const last = axes.at(-1);
    if (last !== undefined && last.stride === step * extent) {
      last.extent *= extent;
      last.stride = step;
    } else axes.push({ extent, stride: step });
  }
  return axes;
}

/**
 * The operand's index for the output's element `i`, a u32 expression. With `vector` 4, `i` counts fours of
 * the output, and so does the result of the operand; then the innermost axis is dense.
 */
export function indexText(axes: readonly Axis[], i: string, vector: 1 | 4): string {
  const terms: string[] = [];
  let inner = 1;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const { extent, stride } = axes[axis] as Axis;
    const last = axis === axes.length - 1;
    const own = last ? extent / vector : extent;
    const step = last ? 1 * stride : stride / vector;
    if (stride !== 0) {
      const whole = inner === 1 ? i : `(${i} / ${inner}u)`;
      const place = axis === 0 ? whole : `(${whole} % ${own}u)`;
      terms.push(step === 1 ? place : `${place} * ${step}u`);
    }
    inner *= own;
  }
  return terms.length === 0 ? '0u' : terms.join(' + ');
}
