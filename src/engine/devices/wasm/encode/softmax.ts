import type { Encode } from '../command.ts';
import { f32, unitsOf } from '../command.ts';
import { rowsOfUnit } from './size.ts';

export const softmax: Encode<'softmax'> = ({ inputs, outputs, attributes: { rows, width } }, { address }) => {
  const each = rowsOfUnit(width);
  const args = [address(inputs[0]), address(outputs[0]), rows, width, each];
  return [{ kernel: 'softmax', args, units: unitsOf(rows, each) }];
};

export const softmaxGrad: Encode<'softmax_grad'> = ({ inputs, outputs, attributes }, { address }) => {
  const { rows, width, scale } = attributes;
  const each = rowsOfUnit(width);
  const [y, dy] = inputs;
  const args = [address(y), address(dy), address(outputs[0]), rows, width, f32(scale), each];
  return [{ kernel: 'softmax_grad', args, units: unitsOf(rows, each) }];
};

export const causalSoftmax: Encode<'causal_softmax'> = ({ inputs, outputs, attributes }, { address }) => {
  const { batch, tq, tk, scale } = attributes;
  const rows = batch * tq;
  const each = rowsOfUnit(tk);
  const [scores, offset] = inputs;
  return [
    {
      kernel: 'causal_softmax',
      args: [address(scores), address(offset), address(outputs[0]), rows, tq, tk, f32(scale), each],
      units: unitsOf(rows, each),
    },
  ];
};
