import type { Encode } from '../command.ts';

/** As assembly/sample.ts has it. */
const BINS = 2048;

export const sampleToken: Encode<'sample_token'> = ({ inputs, outputs, attributes }, context) => {
  const { rows, vocab } = attributes;
  context.threadScratch((vocab + BINS) * 8); // an f64 weight for each id, and sums of them
  const args = [...inputs.map(context.address), context.address(outputs[0]), vocab];
  return [{ kernel: 'sample_token', args, units: rows }];
};
