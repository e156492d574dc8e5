import { sizeOf } from '../../../graph/sizes.ts';
import type { Encode } from '../command.ts';
import { f32, unitsOf } from '../command.ts';

const UNIT = 32_768;

export const fill: Encode<'fill'> = ({ outputs, attributes: { value } }, context) => {
  const id = outputs[0] as number;
  const { shape, dtype } = context.tensor(id);
  const count = sizeOf(shape);
  const word = dtype === 'i32' ? value : f32(value);
  return [{ kernel: 'fill', args: [context.address(id), count, word, UNIT], units: unitsOf(count, UNIT) }];
};

export const iota: Encode<'iota'> = ({ outputs }, context) => {
  const id = outputs[0] as number;
  return [{ kernel: 'iota', args: [context.address(id), sizeOf(context.tensor(id).shape)], units: 1 }];
};
