import type { Dim } from '../dim.ts';
import type { Node } from '../ir.ts';
import type { OpFamily } from './definition.ts';
import { elements, expectInputs } from './definition.ts';

export const samplingOps: OpFamily<'sample_token'> = {
  sample_token: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'sample_token', inputs, 5);
      const [logits, uniform, temperature, top_k, top_p] = inputs as [Node, Node, Node, Node, Node];
      const rows = logits.dims[0];
      if (logits.dims.length !== 2 || uniform.dims.length !== 1 || rows === undefined) {
        return checks.malformed('sample_token takes logits [B, V] and a number to draw by for each row');
      }
      checks.equal(rows, uniform.dims[0] as Dim, 'each row of logits is drawn from once');
      for (const setting of [temperature, top_k, top_p]) {
        if (setting.dims.length !== 0) checks.malformed('sample_token takes its settings as single numbers');
      }
      if (top_k.dtype !== 'i32') checks.malformed('sample_token takes top_k as a whole number');
      return [rows];
    },
    dtype: 'i32',
    gradient: null,
    // The softmax; what the filters compare is not counted.
    flops: (_node, inputs) => 5 * elements(inputs[0] as Node),
    inPlace: [],
  },
};
