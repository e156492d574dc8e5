import type { TensorId } from '../../../graph/lower/kernel-plan.ts';
import type { Command, Encode, EncodeContext } from '../command.ts';
import { f32, unitsOf } from '../command.ts';
import { rowsOfUnit } from './size.ts';

export const rotary: Encode<'rotary'> = ({ inputs, outputs, attributes }, context) => {
  const { batch, time, size, theta, inverse } = attributes;
  const [x, positions] = inputs as [TensorId, TensorId];
  const rows = { rows: batch * time, time, width: size, heads: 1, head_size: size };
  return rotate({ x, positions, result: outputs[0] as TensorId, ...rows, theta, inverse }, context);
};

export const rotaryHeads: Encode<'rotary_heads'> = ({ inputs, outputs, attributes }, context) => {
  const [x, positions] = inputs as [TensorId, TensorId];
  return rotate({ x, positions, result: outputs[0] as TensorId, ...attributes }, context);
};

interface Rotation {
  readonly x: TensorId;
  readonly positions: TensorId;
  readonly result: TensorId;
  readonly rows: number;
  readonly time: number;
  readonly width: number;
  readonly heads: number;
  readonly head_size: number;
  readonly theta: number;
  readonly inverse: boolean;
}

/** Positions of a unit of the table. */
const POSITIONS = 16;

/** Calls with the same positions share one table of cosines and sines, which the first of them fills. */
export function rotate(rotation: Rotation, context: EncodeContext): readonly Command[] {
  const { x, positions, result, rows, time, width, heads, head_size, theta, inverse } = rotation;
  const { address } = context;
  const half = head_size / 2;
  const commands: Command[] = [];
  const table = context.shared(`rotary ${positions} ${time} ${head_size} ${theta}`, () =>
    context.table(new Array<number>(time * head_size).fill(0)),
  );
  if (table.made) {
    const frequencies = context.table(frequenciesOf(head_size, theta).map(f32));
    const args = [address(positions), frequencies, table.address, time, half, POSITIONS];
    commands.push({ kernel: 'rotary_table', args, units: unitsOf(time, POSITIONS) });
  }
  const each = rowsOfUnit(width);
  commands.push({
    kernel: 'rotary_rows',
    args: [
      ...[address(x), table.address, address(result), rows, time],
      ...[width, heads, half, inverse ? 1 : 0, each],
    ],
    units: unitsOf(rows, each),
  });
  return commands;
}

/** In float32 as Hugging Face has them; a long context shows the difference. */
function frequenciesOf(size: number, theta: number): number[] {
  const r = Math.fround;
  return Array.from({ length: size / 2 }, (_, j) => r(1 / r(theta ** r((2 * j) / size))));
}
