import type { Kernel } from '../dispatch.ts';
import { read, table, write } from '../wanted.ts';
import { threads, vectorFor } from './threads.ts';
import { rotaryFrequencies, SIN_COS } from './trigonometry.ts';

/**
 * A thread for each pair of the leading heads of a row, then one for each pair of columns after them,
 * which are copied unless the result lies over the operand; for four neighbours each where heads allow it.
 */
export const rotary_heads: Kernel<'rotary_heads'> = (call, context) => {
  const { rows, time, width, heads, head_size, theta, inverse } = call.attributes;
  const [x, positions] = call.inputs as [number, number];
  const y = call.outputs[0] as number;
  const vector = vectorFor(width, head_size / 2);
  const half = head_size / 2 / vector;
  const columns = width / vector;
  const inPlace = samePlace(context.tensor(x), context.tensor(y));
  const pairs = heads * half;
  const rest = inPlace ? 0 : columns - 2 * pairs;
  const { tensors, dispatch } = context.bind('rotary_heads', {
    x: read(x, vector),
    positions: read(positions, 1, 'i32'),
    frequencies: table(rotaryFrequencies(head_size, theta)),
    y: write(y, vector),
  });
  const lanes = Array.from({ length: vector }, (_, lane) => lane);
  const angle = (lane: number) =>
    `let t${lane} = sin_cos(position * bitcast<f32>(${tensors.frequencies.load(`j * ${vector}u + ${lane}u`)}));`;
  const lanesOf = (part: 'x' | 'y') => `T(${lanes.map((lane) => `t${lane}.${part}`).join(', ')})`;
  const { text, workgroups } = threads(
    context.adapter,
    rows * (pairs + rest),
    `
  let row = i / ${pairs + rest}u;
  let pair = i % ${pairs + rest}u;
  if (pair >= ${pairs}u) {
    let column = row * ${columns}u + ${pairs}u + pair;
    ${tensors.y.store('column', tensors.x.load('column'))}
    return;
  }
  let j = pair % ${half}u;
  let position = f32(${tensors.positions.load(`row % ${time}u`)});
  ${lanes.map(angle).join(' ')}
  let cosine = ${lanesOf('y')};
  let sine = ${inverse ? '-' : ''}${lanesOf('x')};
  let at = row * ${columns}u + pair / ${half}u * ${2 * half}u + j;
  let a = ${tensors.x.load('at')};
  let b = ${tensors.x.load(`at + ${half}u`)};
  ${tensors.y.store('at', 'a * cosine - b * sine')}
  ${tensors.y.store(`at + ${half}u`, 'b * cosine + a * sine')}`,
  );
  return [dispatch(`alias T = ${tensors.x.type};\n${SIN_COS}${text}`, workgroups)];
};

function samePlace(
  a: { readonly place: unknown; readonly offset: number },
  b: { readonly place: unknown; readonly offset: number },
): boolean {
  return a.offset === b.offset && JSON.stringify(a.place) === JSON.stringify(b.place);
}
