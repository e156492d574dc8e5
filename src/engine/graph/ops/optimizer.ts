import type { Node, OpName } from '../ir.ts';
import type { OpDefinition, OpFamily } from './definition.ts';
import { elements, expectInputs } from './definition.ts';
import { requireSameShape } from './elementwise.ts';

type Optimizer = 'ema' | 'ema_square' | 'adamw_update' | 'decayed_update';

/** The first `tensors` inputs have one shape, the rest are scalars. Nothing differentiates through an update. */
function update<K extends Optimizer>(
  op: K & OpName,
  tensors: number,
  scalars: number,
  cost: number,
): OpDefinition<K> {
  return {
    infer: (checks, inputs) => {
      expectInputs(checks, op, inputs, tensors + scalars);
      const first = inputs[0] as Node;
      inputs.forEach((input, i) => {
        if (i < tensors) requireSameShape(checks, op, first.dims, input.dims);
        else if (input.dims.length !== 0) checks.malformed(`input ${i} of ${op} is one number`);
      });
      return first.dims;
    },
    dtype: 'f32',
    gradient: null,
    flops: (node) => cost * elements(node as Node),
    inPlace: Array.from({ length: tensors }, (_, i) => i),
  };
}

export const optimizerOps: OpFamily<Optimizer> = {
  ema: update('ema', 2, 0, 3),
  ema_square: update('ema_square', 2, 0, 4),
  adamw_update: update('adamw_update', 3, 3, 8),
  decayed_update: update('decayed_update', 2, 1, 4),
};
