import { f32 } from '../literal.ts';
import type { RowKernel } from '../rows.ts';

/**
 * Statements that declare `inverse`, 1 / sqrt(variance + epsilon), and `mean` where rows are centred; the
 * variance from differences to the mean, as a second look at the row costs less than its cancellation.
 * `load` is the row's element, or vector, `c`.
 */
export function momentsText(
  { width, epsilon }: { readonly width: number; readonly epsilon: number },
  load: string,
  vector: 1 | 4,
  { lanes, all }: RowKernel,
  centred: boolean,
): string {
  const each = (statement: string) =>
    `for (var c = lane; c < ${width / vector}u; c += ${lanes}u) { ${statement} }`;
  const mean = `
  var mean = 0.0;
  ${each(`mean += ${total(load, vector)};`)}
  ${all('add', 'mean')}
  mean = mean * ${f32(1 / width)};`;
  return `${centred ? mean : ''}
  var inverse = 0.0;
  ${each(`let d = ${load}${centred ? ' - mean' : ''}; inverse += ${product('d', 'd', vector)};`)}
  ${all('add', 'inverse')}
  inverse = inverseSqrt(inverse * ${f32(1 / width)} + ${f32(epsilon)});`;
}

/** The sum of a vector's elements. */
export function total(value: string, vector: 1 | 4): string {
  return vector === 1 ? value : `dot(${value}, vec4<f32>(1.0))`;
}

export function product(a: string, b: string, vector: 1 | 4): string {
  return vector === 1 ? `${a} * ${b}` : `dot(${a}, ${b})`;
}
