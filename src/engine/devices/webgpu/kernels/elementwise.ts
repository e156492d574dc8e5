import type { PlanTensor } from '../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import type { BoundTensor, Dispatch, Kernel } from '../dispatch.ts';
import { read, type Wanted, write } from '../wanted.ts';
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

  /** A stretch of the output, small enough for its operands to be bound. */
  const stretch = (first: number, count: number): Dispatch[] => {
    const part = count === size ? {} : { part: { first, count } };
    const wanted: Record<string, Wanted> = {};
    for (const [i, operand] of operands.entries()) {
      const alike = operand.axes.length === 1 && dense(operand);
      if (operand.seed) wanted[`x${i}`] = read(operand.id, 1, 'u32');
      else wanted[`x${i}`] = { ...read(operand.id, dense(operand) ? vector : 1), ...(alike ? part : {}) };
    }
    for (const [i, id] of outputs.entries()) wanted[`y${i}`] = { ...write(id, vector), ...part };
    if (!context.fits(wanted) && count > SMALLEST) {
      const half = Math.ceil(count / 2 / SMALLEST) * SMALLEST;
      return [...stretch(first, half), ...stretch(first + half, count - half)];
    }
    const { tensors, dispatch } = context.bind('elementwise', wanted);
    const whole = first === 0 ? 'i' : `(i + ${first / vector}u)`;
    const element = vector === 4 ? `(${whole} * 4u)` : whole;
    const loads = operands.map((operand, i) => {
      const from = tensors[`x${i}`] as BoundTensor;
      if (operand.seed) return from.load('0u');
      if (operand.axes.length === 0) return `T(${from.load('0u')})`;
      if (!dense(operand)) return `T(${from.load(indexText(operand.axes, element, 1))})`;
      return from.load(indexText(operand.axes, operand.axes.length === 1 ? 'i' : whole, vector));
    });
    const text = expressionText(expression, {
      vector,
      operands: operands.map((_, i) => `x${i}`),
      index: element,
    });
    const kept = call.outputs.flatMap((id, i) => (id === null ? [] : [text.stores[i] as string]));
    const body = [
      ...loads.map((load, i) => `let x${i} = ${load};`),
      text.body,
      ...kept.map((value, i) => (tensors[`y${i}`] as BoundTensor).store('i', value)),
    ].join('\n  ');
    const { text: main, workgroups } = threads(context.adapter, count / vector, body);
    return [dispatch(text.module + main, workgroups)];
  };
  return stretch(0, size);
};

/** Elements: places and borders of buffers are multiples of them, so a part of so many lies in one buffer. */
const SMALLEST = 64;
