import type { Expression } from '../../../graph/lower/expression.ts';
import type { KernelCallOf } from '../../../graph/lower/kernel-plan.ts';
import {
  GELU_GRAD,
  GELU_KEPT,
  GELU_NEW_GRAD,
  GELU_NEW_KEPT,
  PLAIN,
  PRODUCT_KEPT,
  SILU_GRAD,
  SILU_KEPT,
  SUM,
} from '../assembly/epilogues.ts';
import type { EncodeContext } from '../command.ts';

const KEPT: Readonly<Record<string, number>> = { gelu: GELU_KEPT, gelu_new: GELU_NEW_KEPT, silu: SILU_KEPT };
const GRAD: Readonly<Record<string, number>> = {
  gelu_grad: GELU_GRAD,
  gelu_new_grad: GELU_NEW_GRAD,
  silu_grad: SILU_GRAD,
};

/** The words of `finish` (assembly/epilogue.ts) where it knows how this product ends; null where it does not. */
export function commonEpilogue(
  call: KernelCallOf<'matmul'>,
  context: EncodeContext,
): readonly number[] | null {
  const { epilogue, sums, batch, m, n } = call.attributes;
  if (epilogue === null) return null;
  const outputs = sums === null ? call.outputs : call.outputs.slice(0, -1);
  const operands = call.inputs.slice(2);
  const size = batch * m * n;
  const like = (wanted: number) => (id: number | null | undefined) => {
    if (id === null || id === undefined) return false;
    const { shape, row_stride, dtype } = context.tensor(id);
    return dtype === 'f32' && row_stride === null && shape.reduce((a, b) => a * b, 1) === wanted;
  };
  // A row and the whole are told apart by their sizes.
  if (m * batch === 1 || !outputs.every(like(size))) return null;
  const rows = operands.map((id, i) => (like(n)(id) ? i + 1 : 0)).filter((i) => i > 0);
  const wholes = operands.map((id, i) => (like(size)(id) ? i + 1 : 0)).filter((i) => i > 0);
  if (rows.length + wholes.length !== operands.length || rows.length > 1 || wholes.length > 1) return null;
  const found = recognise(epilogue, rows[0] ?? null, wholes[0] ?? null);
  if (found === null) return null;
  const address = (operand: number | undefined) =>
    operand === undefined ? 0 : context.address(operands[operand - 1]);
  return [
    found,
    address(rows[0]),
    address(wholes[0]),
    context.address(outputs[0]),
    context.address(outputs[1]),
  ];
}

/** `row` and `whole`: the operands that are one row or have the result's shape. */
function recognise(
  { operands, steps, stores }: Expression,
  row: number | null,
  whole: number | null,
): number | null {
  const [first] = steps;
  const adds = row !== null;
  if (adds && !(first?.op === 'add' && isPair(first.args, 0, row))) return null;
  const z = adds ? operands : 0;
  const rest = adds ? steps.slice(1) : steps;
  const [step] = rest;
  if (rest.length > 1) return null;
  const last = operands + steps.length - 1;
  const only = stores.length === 1 && stores[0] === last;
  const both = stores.length === 2 && stores[0] === z && stores[1] === last;
  if (step === undefined) return adds && only && whole === null ? PLAIN : null;
  if (whole === null) return both && step.args[0] === z ? (KEPT[step.op] ?? null) : null;
  if (step.op === 'add') return only && isPair(step.args, z, whole) ? SUM : null;
  if (step.op === 'mul') return both && isPair(step.args, z, whole) ? PRODUCT_KEPT : null;
  return only && step.args[0] === whole && step.args[1] === z ? (GRAD[step.op] ?? null) : null;
}

function isPair(args: readonly number[], a: number, b: number): boolean {
  return args.length === 2 && ((args[0] === a && args[1] === b) || (args[0] === b && args[1] === a));
}
