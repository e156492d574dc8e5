import { sizeOf } from '../../../graph/sizes.ts';
import type { Encode } from '../command.ts';
import { unitsOf } from '../command.ts';
import { rowsOfUnit } from './size.ts';

export const crossEntropy: Encode<'cross_entropy'> = ({ inputs, outputs, attributes }, context) => {
  const { rows, vocab, ignore_index } = attributes;
  const each = rowsOfUnit(vocab);
  const [logits, labels, dloss] = inputs;
  const one = dloss !== undefined && sizeOf(context.tensor(dloss).shape) === 1 ? 1 : 0;
  const { address } = context;
  return [
    {
      kernel: 'cross_entropy',
      args: [
        ...[address(logits), address(labels), address(dloss), one],
        ...[address(outputs[0]), address(outputs[1]), rows, vocab, ignore_index, each],
      ],
      units: unitsOf(rows, each),
    },
  ];
};
