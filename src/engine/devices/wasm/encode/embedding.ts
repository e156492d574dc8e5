import type { Encode } from '../command.ts';
import { unitsOf } from '../command.ts';
import { rowsOfUnit } from './size.ts';

/** Columns of a unit: a few cache lines of each row. */
const COLUMNS = 32;

export const embedding: Encode<'embedding'> = (
  { inputs, outputs, attributes: { rows, width } },
  { address },
) => {
  const each = rowsOfUnit(width);
  const [table, ids] = inputs;
  return [
    {
      kernel: 'embedding',
      args: [address(table), address(ids), address(outputs[0]), rows, width, each],
      units: unitsOf(rows, each),
    },
  ];
};

export const embeddingGrad: Encode<'embedding_grad'> = ({ inputs, outputs, attributes }, { address }) => {
  const { rows, width, table_rows } = attributes;
  const [dy, ids] = inputs;
  return [
    {
      kernel: 'embedding_grad',
      args: [address(dy), address(ids), address(outputs[0]), rows, width, table_rows, COLUMNS],
      units: unitsOf(width, COLUMNS),
    },
  ];
};
