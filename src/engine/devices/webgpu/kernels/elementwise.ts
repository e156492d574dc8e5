import type { PlanTensor } from '../../../graph/lower/kernel-plan.ts';
import { type Kernel, read, type Wanted, write } from '../dispatch.ts';
import { sizeOf } from '../spaces.ts';
import { broadcast, indexText } from './broadcast.ts';
import { expressionText, seedsOf } from './expression.ts';
import { threads } from './threads.ts';

/** One thread computes one element, or four that lie together. */
export const elementwise: Kernel<'elementwise'> = (call, context) => {
  const { expression } = call.attributes;
  const outputs = call.outputs.filter((id) => id !== null);
  const shape = context.tensor(outputs[0] as number).shape;
  const seeds = seedsOf(expression);
  const operands = call.inputs.map((id, i) => {
    const tensor: PlanTensor = context.tensor(id);
    return { id, seed: seeds.has(i), axes: broadcast(tensor.shape, shape) };
  });
  const size = sizeOf(shape);
  const wide =
    size % 4 === 0 && operands.every(({ axes }) => axes.length === 0 || (axes.at(-1)?.extent ?? 1) % 4 === 0);
  const vector = wide ? 4 : 1;
  /** Whether four neighbours in the output are four neighbours in the operand. */
  const dense = (operand: (typeof operands)[number]) => operand.axes.at(-1)?.stride === 1;

  const wanted: Record<string, Wanted> = {};
  for (const [i, operand] of operands.entries()) {
    if (operand.seed) wanted[`x${i}`] = read(operand.id, 1, 'u32');
    else wanted[`x${i}`] = read(operand.id, dense(operand) ? vector : 1);
  }
  for (const [i, id] of outputs.entries()) wanted[`y${i}`] = write(id, vector);
  const bound = context.bind('elementwise', wanted);

  const loads = operands.map((operand, i) => {
    const from = bound.tensors[`x${i}`];
    if (operand.seed || operand.axes.length === 0) return { text: `${from?.load('0u')}`, seed: operand.seed };
    if (dense(operand)) return { text: `${from?.load(indexText(operand.axes, 'i', vector))}`, seed: false };
    return {
      text: `${from?.load(indexText(operand.axes, vector === 4 ? '(i * 4u)' : 'i', 1))}`,
      seed: false,
    };
  });
  const text = expressionText(expression, {
    vector,
    operands: operands.map((_, i) => `x${i}`),
    index: vector === 4 ? '(i * 4u)' : 'i',
  });
  const kept = call.outputs.flatMap((id, i) => (id === null ? [] : [text.stores[i] as string]));
  const body = [
    ...loads.map(({ text: load, seed }, i) => `let x${i} = ${seed ? load : `T(${load})`};`),
    text.body,
    ...kept.map((value, i) => bound.tensors[`y${i}`]?.store('i', value) ?? ''),
  ].join('\n  ');
  const { text: main, workgroups } = threads(context.adapter, size / vector, body);
  return [bound.dispatch(text.module + main, workgroups)];
};
