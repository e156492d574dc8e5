import { sizeOf } from '../../../graph/sizes.ts';
import type { Encode } from '../command.ts';
import { reduceParts } from './reduce.ts';

/** Chunks of a unit. */
const CHUNKS = 4;

export const sumSquares: Encode<'sum_squares'> = ({ inputs, outputs, scratch, attributes }, context) => {
  const { chunk } = attributes;
  const parts = context.address(scratch);
  const table: number[] = [];
  let chunks = 0;
  for (const id of inputs) {
    const [x, size] = [context.address(id), sizeOf(context.tensor(id).shape)];
    for (let first = 0; first < size; first += CHUNKS * chunk) {
      table.push(x + first * 4, Math.min(CHUNKS * chunk, size - first), parts + (chunks + first / chunk) * 4);
    }
    chunks += Math.ceil(size / chunk);
  }
  const units = table.length / 3;
  return [
    { kernel: 'sum_squares_part', args: [context.table(table), chunk], units },
    reduceParts('reduce_sum_part', parts, context.address(outputs[0]), [1, chunks, 1]),
  ];
};
