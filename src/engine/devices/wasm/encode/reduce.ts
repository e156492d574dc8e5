import { REDUCE_CHUNK, reduceChunks } from '../../../graph/lower/scratch.ts';
import type { Command, Encode } from '../command.ts';
import { unitsOf } from '../command.ts';

/** Columns that one item adds up: a few cache lines of each row. */
const COLUMNS = 64;
/** Elements that a unit reads. */
const UNIT = 16_384;

type Kernel = 'reduce_sum_part' | 'reduce_max_part';

/** x [outer, size, inner] -> [chunks, outer, inner], with chunks of `chunk` elements of the middle axis. */
export function reduceParts(
  kernel: Kernel,
  x: number,
  result: number,
  [outer, size, inner]: readonly [number, number, number],
  chunk = size,
): Command {
  const chunks = size === 0 ? 1 : Math.ceil(size / chunk);
  const columns = Math.min(inner, COLUMNS);
  const items = chunks * outer * Math.ceil(inner / columns);
  // Nothing at all has a sum as well: it is written.
  const reads = Math.max(1, Math.min(size, chunk) * columns);
  const each = Math.max(1, Math.floor(UNIT / reads));
  const args = [x, result, outer, size, inner, chunk, chunks, columns, each, items];
  return { kernel, args, units: unitsOf(items, each) };
}

const reduce =
  (kernel: Kernel): Encode<'reduce_sum' | 'reduce_max'> =>
  ({ inputs, outputs, scratch, attributes: { outer, size, inner } }, { address }) => {
    const [x, result] = [address(inputs[0]), address(outputs[0])];
    if (reduceChunks(size) === 1) return [reduceParts(kernel, x, result, [outer, size, inner])];
    const parts = address(scratch);
    return [
      reduceParts(kernel, x, parts, [outer, size, inner], REDUCE_CHUNK),
      reduceParts(kernel, parts, result, [1, reduceChunks(size), outer * inner]),
    ];
  };

export const reduceSum: Encode<'reduce_sum'> = reduce('reduce_sum_part');
export const reduceMax: Encode<'reduce_max'> = reduce('reduce_max_part');
