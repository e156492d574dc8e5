import type { Kernel } from '../dispatch.ts';
import { read, table, write } from '../wanted.ts';
import { threads } from './threads.ts';
import { rotaryFrequencies, SIN_COS } from './trigonometry.ts';

/**
 * A thread for each pair of the leading heads of a row, then one for each pair of columns after them,
 * which are copied unless the result lies over the operand.
 */
export const rotary_heads: Kernel<'rotary_heads'> = (call, context) => {
  const { rows, time, width, heads, head_size, theta, inverse } = call.attributes;
  const [x, positions] = call.inputs as [number, number];
  const y = call.outputs[0] as number;
  const half = head_size / 2;
  const inPlace = samePlace(context.tensor(x), context.tensor(y));
  const pairs = heads * half;
  const rest = inPlace ? 0 : width - 2 * pairs;
  const { tensors, dispatch } = context.bind('rotary_heads', {
    x: read(x),
    positions: read(positions, 1, 'i32'),
    frequencies: table(rotaryFrequencies(head_size, theta)),
    y: write(y),
  });
  const { text, workgroups } = threads(
    context.adapter,
    rows * (pairs + rest),
    `
  let row = i / ${pairs + rest}u;
  let pair = i % ${pairs + rest}u;
  if (pair >= ${pairs}u) {
    let column = row * ${width}u + ${pairs}u + pair;
    ${tensors.y.store('column', tensors.x.load('column'))}
    return;
  }
  let j = pair % ${half}u;
  let position = f32(${tensors.positions.load(`row % ${time}u`)});
  let t = sin_cos(position * bitcast<f32>(${tensors.frequencies.load('j')}));
  let sine = ${inverse ? '-t.x' : 't.x'};
  let at = row * ${width}u + pair / ${half}u * ${head_size}u + j;
  let a = ${tensors.x.load('at')};
  let b = ${tensors.x.load(`at + ${half}u`)};
  ${tensors.y.store('at', 'a * t.y - b * sine')}
  ${tensors.y.store(`at + ${half}u`, 'b * t.y + a * sine')}`,
  );
  return [dispatch(SIN_COS + text, workgroups)];
};

function samePlace(
  a: { readonly place: unknown; readonly offset: number },
  b: { readonly place: unknown; readonly offset: number },
): boolean {
  return a.offset === b.offset && JSON.stringify(a.place) === JSON.stringify(b.place);
}
