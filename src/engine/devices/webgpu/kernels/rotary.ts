import type { Kernel } from '../dispatch.ts';
import { read, table, write } from '../wanted.ts';
import { threads } from './threads.ts';
import { rotaryFrequencies, SIN_COS } from './trigonometry.ts';

/** A thread for each pair: element j of a half and its partner in the other. */
export const rotary: Kernel<'rotary'> = (call, context) => {
  const { batch, time, size, theta, inverse } = call.attributes;
  const half = size / 2;
  const { tensors, dispatch } = context.bind('rotary', {
    x: read(call.inputs[0] as number),
    positions: read(call.inputs[1] as number, 1, 'i32'),
    frequencies: table(rotaryFrequencies(size, theta)),
    y: write(call.outputs[0] as number),
  });
  const { text, workgroups } = threads(
    context.adapter,
    batch * time * half,
    `
  let j = i % ${half}u;
  let row = i / ${half}u;
  let position = f32(${tensors.positions.load(`row % ${time}u`)});
  let t = sin_cos(position * bitcast<f32>(${tensors.frequencies.load('j')}));
  let sine = ${inverse ? '-t.x' : 't.x'};
  let at = row * ${size}u + j;
  let a = ${tensors.x.load('at')};
  let b = ${tensors.x.load(`at + ${half}u`)};
  ${tensors.y.store('at', 'a * t.y - b * sine')}
  ${tensors.y.store(`at + ${half}u`, 'b * t.y + a * sine')}`,
  );
  return [dispatch(SIN_COS + text, workgroups)];
};
