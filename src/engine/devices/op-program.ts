import type { Feeds } from '../device.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import type { Node, OpAttributes, OpName, Program } from '../graph/ir.ts';
import type { OpCase } from './acceptance-operands.ts';

/** All cases of an op as one program, an output each. */
export function opProgram(op: OpName, cases: readonly OpCase<OpName>[]): { program: Program; feeds: Feeds } {
  const builder = new GraphBuilder();
  const feeds: Record<string, Float32Array | Int32Array> = {};
  const outputs: Record<string, Node> = {};
  for (const [i, { inputs, attributes, target }] of cases.entries()) {
    const nodes = inputs.map((operand, j) => {
      const key = `${i}.${j}`;
      feeds[key] = 'ids' in operand ? operand.ids : operand.values;
      return builder.input(key, operand.shape.map(fixed), 'ids' in operand ? 'i32' : 'f32');
    });
    outputs[i] = builder.node(op, nodes, attributes as OpAttributes[typeof op], target?.map(fixed));
  }
  return { program: builder.program(op, { outputs }), feeds };
}
