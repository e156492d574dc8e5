import type { KernelCallOf } from '../../../graph/lower/kernel-plan.ts';
import { NORM_CHUNK } from '../../../graph/lower/scratch.ts';
import type { Command, Encode, EncodeContext } from '../command.ts';
import { f32, unitsOf } from '../command.ts';
import { reduceParts } from './reduce.ts';
import { rowsOfUnit } from './size.ts';

export const layerNorm: Encode<'layer_norm'> = ({ inputs, outputs, attributes }, { address }) => {
  const { rows, width, epsilon } = attributes;
  const each = rowsOfUnit(width);
  const [x, weight, bias] = inputs;
  return [
    {
      kernel: 'layer_norm',
      args: [...[x, weight, bias, outputs[0]].map(address), rows, width, f32(epsilon), each],
      units: unitsOf(rows, each),
    },
  ];
};

export const rmsNorm: Encode<'rms_norm'> = ({ inputs, outputs, attributes }, { address }) => {
  const { rows, width, epsilon } = attributes;
  const each = rowsOfUnit(width);
  const [x, weight] = inputs;
  return [
    {
      kernel: 'rms_norm',
      args: [...[x, weight, outputs[0]].map(address), rows, width, f32(epsilon), each],
      units: unitsOf(rows, each),
    },
  ];
};

export const layerNormGrad: Encode<'layer_norm_grad'> = (call, context) => normGrad(call, context);
export const rmsNormGrad: Encode<'rms_norm_grad'> = (call, context) => normGrad(call, context);

function normGrad(
  call: KernelCallOf<'layer_norm_grad'> | KernelCallOf<'rms_norm_grad'>,
  { address }: EncodeContext,
): readonly Command[] {
  const { rows, width, epsilon, residual } = call.attributes;
  const [x, weight, dy, added] = call.inputs;
  const [dx, dweight, dbias] = call.outputs.map(address);
  const chunks = Math.ceil(rows / NORM_CHUNK);
  const parts = address(call.scratch);
  // By what is asked for, never by an address.
  const [, hasWeight, hasBias] = call.outputs.map((id) => id !== null);
  const weightParts = hasWeight ? parts : 0;
  const biasParts = hasBias ? parts + chunks * width * 4 : 0;
  const commands: Command[] = [
    {
      kernel: 'norm_grad',
      args: [
        ...[x, weight, dy].map(address),
        residual ? address(added) : 0,
        ...[dx ?? 0, weightParts, biasParts, rows, width],
        ...[f32(epsilon), NORM_CHUNK, call.kernel === 'layer_norm_grad' ? 1 : 0],
      ],
      units: unitsOf(rows, NORM_CHUNK),
    },
  ];
  const total = (from: number, to = 0) => reduceParts('reduce_sum_part', from, to, [1, chunks, width]);
  if (hasWeight) commands.push(total(weightParts, dweight));
  if (hasBias) commands.push(total(biasParts, dbias));
  return commands;
}
