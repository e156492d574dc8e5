import { deviceErrors } from '../../../errors.ts';
import type { Expression, ExpressionStep } from '../../../graph/lower/expression.ts';
import type { PlanTensor, TensorId } from '../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import { EXPRESSION_VALUES, MOST_SLOTS, PRODUCT, RAW, SAME, SCALAR, STRIDED } from '../assembly/layout.ts';
import * as operations from '../assembly/operations.ts';
import { f32 } from '../command.ts';

/** What the encoding of an expression needs to know about tensors. */
interface Tensors {
  tensor(id: TensorId): PlanTensor;
  address(id: TensorId): number;
  table(words: readonly number[]): number;
  /** Where the tensor's storage begins and ends: those that share bytes overlap. */
  range(id: TensorId): readonly [start: number, end: number];
  /** Every thread gets at least so many slots, and room for the addresses of so many values. */
  expressionNeeds(slots: number, values: number): void;
}

const NUMBERS: { readonly [K in Uppercase<ExpressionStep['op']>]: number } = operations;

/** The words that assembly/evaluate.ts reads; layout.ts says where each lies. */
export function encodeExpression(
  expression: Expression,
  operands: readonly (TensorId | null)[],
  outputs: readonly TensorId[],
  tensors: Tensors,
): readonly number[] {
  const { steps, stores } = expression;
  if (operands.length !== expression.operands || outputs.length !== stores.length || outputs.length === 0) {
    throw malformed('An expression has other operands or results than its call');
  }
  if (operands.length + steps.length > EXPRESSION_VALUES) throw malformed('An expression has too many steps');
  const shape = tensors.tensor(outputs[0] as TensorId).shape;
  const slots = new Slots();
  const seeds = new Set(steps.flatMap((step) => (step.op === 'dropout_mask' ? [step.args[0]] : [])));
  const words: number[] = [operands.length, steps.length, stores.length, 0];
  for (const [value, id] of operands.entries()) {
    words.push(...operandWords(id, seeds.has(value), shape, tensors, slots));
  }
  const last = lastUses(expression);
  const direct = directStores(expression, operands, outputs, tensors);
  const held = new Map<number, number>();
  // Constants are filled in once, before the first block: no step before them may have their slots.
  const constants = steps.map(({ op }) => (op === 'constant' ? slots.take() : null));
  for (const [i, step] of steps.entries()) {
    const value = operands.length + i;
    // A step reads each vector before it writes it: the slot of what ends here is free for what begins here.
    for (const arg of new Set(step.args)) {
      const slot = held.get(arg);
      if (slot === undefined || last[arg] !== i) continue;
      held.delete(arg);
      slots.give(slot);
    }
    const slot = constants[i] ?? slots.take();
    if (step.op !== 'constant') held.set(value, slot);
    words.push(...stepWords(step, slot, direct.get(value) ?? -1));
    if (last[value] === -1 && held.delete(value)) slots.give(slot);
  }
  for (const [i, value] of stores.entries()) {
    const id = outputs[i] as TensorId;
    const { shape: own, row_stride } = tensors.tensor(id);
    words.push(value, tensors.address(id), own[own.length - 1] ?? 1, row_stride ?? 0);
  }
  tensors.expressionNeeds(slots.most, operands.length + steps.length);
  return words;
}

function operandWords(
  id: TensorId | null,
  seed: boolean,
  shape: readonly number[],
  tensors: Tensors,
  slots: Slots,
): readonly number[] {
  if (id === null) return [PRODUCT, 0, 0, 0, 0, 0, 0, 0];
  const tensor = tensors.tensor(id);
  const address = tensors.address(id);
  if (seed) return [RAW, address, 0, 0, 0, 0, 0, 0];
  const whole = tensor.dtype === 'i32' ? 1 : 0;
  const axes = collapsed(shape, tensor);
  const [axis] = axes;
  if (axis === undefined || (axes.length === 1 && axis.stride === 0)) {
    return [SCALAR, address, slots.take(), whole, 0, 0, 0, 0];
  }
  if (axes.length === 1 && axis.stride === 1) {
    return [SAME, address, whole ? slots.take() : 0, whole, 0, 0, 0, 0];
  }
  const table = tensors.table(axes.flatMap(({ extent, stride }) => [extent, stride * 4]));
  return [STRIDED, address, slots.take(), whole, axes.length, table, 0, 0];
}

interface Axis {
  readonly extent: number;
  /** Elements of the operand from one index to the next; 0 where it repeats. */
  readonly stride: number;
}

/** How the operand is walked through in the order of the output, over as few axes as possible, outermost first. */
function collapsed(shape: readonly number[], tensor: PlanTensor): readonly Axis[] {
  // As many elements as the result: the same ones, whatever the axes are called.
  const whole = sizeOf(shape) === sizeOf(tensor.shape);
  const width = tensor.shape[tensor.shape.length - 1] ?? 1;
  if (whole && tensor.row_stride === null)
    return sizeOf(shape) === 1 ? [] : [{ extent: sizeOf(shape), stride: 1 }];
  const own = whole ? [sizeOf(shape) / width, width] : tensor.shape;
  if (whole) shape = own;
  const extra = shape.length - own.length;
  const axes: Axis[] = []; // innermost first
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    const size = axis < extra ? 1 : (own[axis - extra] as number);
    if (size !== 1 && size !== extent) throw malformed(`[${own}] does not repeat over [${shape}]`);
    const inner = axes[axes.length - 1];
    const step = size === 1 ? 0 : stride;
    stride *= size;
    if (axis === shape.length - 1 && tensor.row_stride !== null) stride = tensor.row_stride;
    if (extent === 1) continue;
    if (inner !== undefined && step === inner.stride * inner.extent) {
      axes[axes.length - 1] = { extent: inner.extent * extent, stride: inner.stride };
    } else axes.push({ extent, stride: step });
  }
  return axes.reverse();
}

function stepWords(step: ExpressionStep, slot: number, direct: number): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = step.args;
  const op = NUMBERS[step.op.toUpperCase() as Uppercase<ExpressionStep['op']>];
  return [op, slot, direct, a, b, c, d, e, f, ...numbersOf(step)];
}

function numbersOf(step: ExpressionStep): readonly [number, number, number] {
  switch (step.op) {
    case 'affine':
      return [f32(step.factor), f32(step.offset), 0];
    case 'ema':
    case 'ema_square':
      return [f32(step.beta), f32(1 - step.beta), 0];
    case 'adamw_update':
      return [f32(step.epsilon), f32(step.weight_decay), 0];
    case 'decayed_update':
      return [f32(step.weight_decay), 0, 0];
    case 'constant':
      return [f32(step.value), 0, 0];
    case 'dropout_mask':
      return [f32(1 / (1 - step.rate)), step.stream, Math.ceil(step.rate * 2 ** 32)];
    default:
      return [0, 0, 0];
  }
}

/** By value: the last step that reads it, `steps.length` for what is stored, -1 for what nobody reads. */
function lastUses({ operands, steps, stores }: Expression): readonly number[] {
  const last = new Array<number>(operands + steps.length).fill(-1);
  for (const [i, step] of steps.entries()) for (const arg of step.args) last[arg] = i;
  for (const value of stores) last[value] = steps.length;
  return last;
}

/**
 * Value -> the store that its step may write at once, instead of a slot that is copied later: only where
 * nothing that is read afterwards lies in the same memory.
 */
function directStores(
  { operands: count, steps, stores }: Expression,
  operands: readonly (TensorId | null)[],
  outputs: readonly TensorId[],
  tensors: Tensors,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const [i, value] of stores.entries()) {
    if (value < count || found.has(value) || steps[value - count]?.op === 'constant') continue;
    const output = outputs[i] as TensorId;
    const [start, end] = tensors.range(output);
    const shares = (id: TensorId | null) => {
      if (id === null) return true; // the product may lie anywhere
      const [from, to] = tensors.range(id);
      return from < end && start < to;
    };
    const read = new Set([...steps.slice(value - count + 1).flatMap((step) => [...step.args]), ...stores]);
    if (operands.some((id, operand) => read.has(operand) && shares(id))) continue;
    // Another result in the same place would be a mistake of the plan; it must not hide behind this.
    if (outputs.some((id, other) => other !== i && shares(id))) continue;
    found.set(value, i);
  }
  return found;
}

class Slots {
  readonly #free: number[] = [];
  #next = 0;

  /** That were ever taken at a time. */
  get most(): number {
    return this.#next;
  }

  take(): number {
    const slot = this.#free.pop() ?? this.#next++;
    if (slot >= MOST_SLOTS) throw malformed('An expression has too many values at a time');
    return slot;
  }

  give(slot: number): void {
    this.#free.push(slot);
  }
}

function malformed(message: string): Error {
  return deviceErrors.failed({ message });
}
