import { sizeOf } from '../../../graph/sizes.ts';
import type { Encode } from '../command.ts';
import { unitsOf } from '../command.ts';

/** 16 blocks of the interpreter. */
const UNIT = 8192;

export const elementwise: Encode<'elementwise'> = ({ inputs, outputs, attributes }, context) => {
  const stored = outputs.filter((id) => id !== null);
  const stores = attributes.expression.stores.filter((_, i) => outputs[i] !== null);
  const expression = context.expression({ ...attributes.expression, stores }, inputs, stored);
  const count = sizeOf(context.tensor(stored[0] as number).shape);
  return [{ kernel: 'elementwise', args: [expression, count, UNIT], units: unitsOf(count, UNIT) }];
};
