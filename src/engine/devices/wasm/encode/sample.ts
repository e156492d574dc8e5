import type { Encode } from '../command.ts';

export const sampleToken: Encode<'sample_token'> = ({ inputs, outputs, attributes }, context) => {
  const { rows, vocab } = attributes;
  context.threadScratch(vocab * 8); // an f64 weight for each id
  const args = [...inputs.map(context.address), context.address(outputs[0]), vocab];
  return [{ kernel: 'sample_token', args, units: rows }];
};
