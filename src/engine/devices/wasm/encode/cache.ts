import type { TensorId } from '../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import type { Command, Encode, EncodeContext } from '../command.ts';
import { unitsOf } from '../command.ts';
import { rowsOfUnit } from './size.ts';

export const cacheWrite: Encode<'cache_write'> = ({ inputs, outputs, attributes }, context) => {
  const { batch, capacity, time, size } = attributes;
  const [cache, rows, position] = inputs as [TensorId, TensorId, TensorId];
  const { address } = context;
  const each = rowsOfUnit(size);
  const items = batch * time;
  return [
    ...copied(cache, outputs[0] as TensorId, context),
    {
      kernel: 'cache_rows',
      args: [
        ...[address(rows), address(outputs[0]), address(position), 0, 1, time, capacity, size],
        ...[time * size * 4, 0, size * 4, each, items],
      ],
      units: unitsOf(items, each),
    },
  ];
};

export const cacheAppend: Encode<'cache_append'> = ({ inputs, outputs, attributes }, context) => {
  const { batch, time, heads, key_heads, head_size, capacity, part } = attributes;
  const [cache, qkv, position] = inputs as [TensorId, TensorId, TensorId];
  const { address } = context;
  const width = (heads + 2 * key_heads) * head_size;
  const first = (heads + (part === 'k' ? 0 : key_heads)) * head_size;
  const each = rowsOfUnit(head_size);
  const items = batch * key_heads * time;
  return [
    ...copied(cache, outputs[0] as TensorId, context),
    {
      kernel: 'cache_rows',
      args: [
        ...[address(qkv) + first * 4, address(outputs[0]), address(position), 1, key_heads, time],
        ...[capacity, head_size, time * width * 4, head_size * 4, width * 4, each, items],
      ],
      units: unitsOf(items, each),
    },
  ];
};

/** The cache as it was, where the result has another place. */
function copied(cache: TensorId, result: TensorId, context: EncodeContext): readonly Command[] {
  const [from, to] = [context.address(cache), context.address(result)];
  if (from === to) return [];
  const size = sizeOf(context.tensor(cache).shape);
  const unit = 32_768;
  const units = unitsOf(size, unit);
  const strides = [0, 0, 0, 4];
  return [{ kernel: 'copy', args: [from, to, 1, 1, 1, size, ...strides, ...strides, unit, 1, units], units }];
}
