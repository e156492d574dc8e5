import type { Feeds } from '../device.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import type { Node, OpAttributes, OpName, Program } from '../graph/ir.ts';
import type { OpCase } from './acceptance-operands.ts';

/**
 * All cases of an op as one program, an output each. With `between` numbers are not fed to the op and read
 * from it: both go through a change of sign, so that they are what is computed on the way.
 */
export function opProgram(
  op: OpName,
  cases: readonly OpCase<OpName>[],
  between = false,
): { program: Program; feeds: Feeds } {
  const builder = new GraphBuilder();
  const feeds: Record<string, Float32Array | Int32Array> = {};
  const outputs: Record<string, Node> = {};
  for (const [i, { inputs, attributes, target }] of cases.entries()) {
    const nodes = inputs.map((operand, j) => {
      const key = `${i}.${j}`;
      feeds[key] = 'ids' in operand ? operand.ids : operand.values;
      const node = builder.input(key, operand.shape.map(fixed), 'ids' in operand ? 'i32' : 'f32');
      return between && node.dtype === 'f32' ? builder.node('neg', [node], {}) : node;
    });
    const result = builder.node(op, nodes, attributes as OpAttributes[typeof op], target?.map(fixed));
    outputs[i] = between && result.dtype === 'f32' ? builder.node('neg', [result], {}) : result;
  }
  return { program: builder.program(op, { outputs }), feeds };
}
