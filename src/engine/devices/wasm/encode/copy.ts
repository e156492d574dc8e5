import type { Encode } from '../command.ts';
import { unitsOf } from '../command.ts';

const AXES = 4;
/** Elements of a unit; a piece of a row has at most so many. */
const UNIT = 8192;

export const copy: Encode<'copy'> = ({ inputs, outputs, attributes }, { address }) => {
  const { extent, from_offset, from_strides, to_offset, to_strides } = attributes;
  const axes = extent.map((size, i) => ({ size, from: from_strides[i] ?? 0, to: to_strides[i] ?? 0 }));
  // Any order of axes moves the same elements: the innermost is the one whose results follow one another.
  axes.sort((a, b) => b.to - a.to || b.size - a.size);
  while (axes.length < AXES) axes.unshift({ size: 1, from: 0, to: 0 });
  const width = axes[AXES - 1]?.size ?? 1;
  const total = axes.reduce((product, { size }) => product * size, 1);
  const piece = Math.min(width, UNIT);
  const items = width === 0 ? 0 : (total / width) * Math.ceil(width / piece);
  const each = Math.max(1, Math.floor(UNIT / Math.max(1, piece)));
  return [
    {
      kernel: 'copy',
      args: [
        address(inputs[0]) + from_offset * 4,
        address(outputs[0]) + to_offset * 4,
        ...axes.map(({ size }) => size),
        ...axes.map(({ from }) => from * 4),
        ...axes.map(({ to }) => to * 4),
        piece,
        each,
        items,
      ],
      units: unitsOf(items, each),
    },
  ];
};
