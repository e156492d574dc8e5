import { sizeOf } from '../../../graph/sizes.ts';
import type { Encode } from '../command.ts';
import { f32 } from '../command.ts';

/** Elements of a unit. */
const UNIT = 8192;

export const adamw: Encode<'adamw'> = ({ inputs, attributes }, context) => {
  const { beta1, beta2, epsilon, clipped, guarded, weight_decay } = attributes;
  const { address } = context;
  const [lr, bias1, bias2] = inputs.map(address);
  const first = 3 + Number(clipped) + Number(guarded);
  const table: number[] = [];
  for (const [segment, decay] of weight_decay.entries()) {
    const tensors = inputs.slice(first + 4 * segment, first + 4 * segment + 4);
    const size = sizeOf(context.tensor(tensors[0] as number).shape);
    for (let begin = 0; begin < size; begin += UNIT) {
      table.push(...tensors.map((id) => address(id) + begin * 4), Math.min(UNIT, size - begin), f32(decay));
    }
  }
  return [
    {
      kernel: 'adamw',
      args: [
        ...[context.table(table), lr ?? 0, bias1 ?? 0, bias2 ?? 0, clipped ? address(inputs[3]) : 0],
        ...[beta1, 1 - beta1, beta2, 1 - beta2, epsilon].map(f32),
        guarded ? address(inputs[first - 1]) : 0,
      ],
      units: table.length / 6,
    },
  ];
};
