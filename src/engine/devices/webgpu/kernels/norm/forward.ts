import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import type { Dispatch, KernelContext } from '../../dispatch.ts';
import { read, type Wanted, write } from '../../wanted.ts';
import { rowKernel } from '../rows.ts';
import { vectorFor } from '../threads.ts';
import { momentsText } from './moments.ts';

/** (x - mean) / sqrt(variance + epsilon) * weight + bias; without mean and bias where it is not centred. */
export function norm(
  call: KernelCallOf<'layer_norm'> | KernelCallOf<'rms_norm'>,
  context: KernelContext,
  centred: boolean,
): readonly Dispatch[] {
  const { rows, width } = call.attributes;
  const vector = vectorFor(width);
  const wanted: Record<string, Wanted> = {
    x: read(call.inputs[0] as number, vector),
    weight: read(call.inputs[1] as number, vector),
    y: write(call.outputs[0] as number, vector),
  };
  // A model without biases passes a single 0.
  const bias = call.inputs[2];
  const whole = bias !== undefined && context.tensor(bias).shape.at(-1) === width;
  if (bias !== undefined) wanted.bias = read(bias, whole ? vector : 1);
  const { tensors, dispatch } = context.bind(call.kernel, wanted);
  const row = rowKernel(context.adapter, rows, width);
  const columns = width / vector;
  const shift = tensors.bias === undefined ? '' : ` + ${tensors.bias.load(whole ? 'c' : '0u')}`;
  const scaled = `${centred ? '(x - mean)' : 'x'} * inverse * ${tensors.weight?.load('c')}${shift}`;
  return [
    dispatch(
      `${row.module}
${row.open}
  let start = row * ${columns}u;
  ${momentsText(call.attributes, tensors.x?.load('start + c') ?? '', vector, row, centred)}
  if (!live) { return; }
  for (var c = lane; c < ${columns}u; c += ${row.lanes}u) {
    let x = ${tensors.x?.load('start + c')};
    ${tensors.y?.store('start + c', scaled)}
  }
}`,
      row.workgroups,
    ),
  ];
}
