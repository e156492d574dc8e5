import type { Expression, ExpressionStep } from '../../../graph/lower/expression.ts';
import type { KernelCallOf } from '../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import { GELU, GELU_NEW, PLAIN, PRODUCT, PRODUCT_KEPT, PRODUCTS, SILU, SUM } from '../assembly/epilogues.ts';
import type { EncodeContext } from '../command.ts';

const ACTIVATIONS: Readonly<Record<string, number>> = { gelu: GELU, gelu_new: GELU_NEW, silu: SILU };

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
    return dtype === 'f32' && row_stride === null && sizeOf(shape) === wanted;
  };
  // A row and the whole are told apart by their sizes.
  if (m * batch === 1 || !outputs.every(like(size))) return null;
  const rows = operands.map((id, i) => (like(n)(id) ? i + 1 : 0)).filter((i) => i > 0);
  const wholes = operands.map((id, i) => (like(size)(id) ? i + 1 : 0)).filter((i) => i > 0);
  if (rows.length + wholes.length !== operands.length || rows.length > 1) return null;
  const found = recognise(epilogue, rows[0] ?? null);
  if (found === null) return null;
  const address = (operand: number | undefined) =>
    operand === undefined ? 0 : context.address(operands[operand - 1]);
  return [
    found.which,
    address(rows[0]),
    context.address(outputs[0]),
    context.address(outputs[1]),
    ...Array.from({ length: 3 }, (_, i) => address(found.wholes[i])),
  ];
}

interface Found {
  readonly which: number;
  /** The operands of the result's shape in the order of their letters: o, p, q. */
  readonly wholes: readonly number[];
}

/** `row`: the operand that is one row. All others but the product have the result's shape. */
function recognise({ operands, steps, stores }: Expression, row: number | null): Found | null {
  const [first] = steps;
  const adds = row !== null;
  if (adds && !(first?.op === 'add' && isPair(first.args, 0, row))) return null;
  const z = adds ? operands : 0;
  const rest = adds ? steps.slice(1) : steps;
  const next = adds ? z + 1 : operands;
  const [one, two, three] = rest;
  const isStored = (...values: readonly number[]): boolean =>
    stores.length === values.length && values.every((value, i) => stores[i] === value);
  /** The factor besides `value`, if it is an operand of the result's shape. */
  const factor = (step: ExpressionStep | undefined, value: number): number | null => {
    if (step?.op !== 'mul') return null;
    const other = step.args[0] === value ? step.args[1] : step.args[1] === value ? step.args[0] : null;
    return other !== null && other > 0 && other < operands && other !== row ? other : null;
  };
  if (rest.length === 0) return adds && operands === 2 && isStored(z) ? { which: PLAIN, wholes: [] } : null;
  if (rest.length === 1 && one?.op === 'add') {
    const whole = one.args[0] === z ? one.args[1] : one.args[1] === z ? one.args[0] : 0;
    const fits = whole > 0 && whole < operands && whole !== row && isStored(next);
    return fits ? { which: SUM, wholes: [whole] } : null;
  }
  const o = factor(one, z);
  if (rest.length === 1 && o !== null) {
    if (isStored(next)) return { which: PRODUCT, wholes: [o] };
    return isStored(z, next) ? { which: PRODUCT_KEPT, wholes: [o] } : null;
  }
  if (rest.length === 2 && two !== undefined && one !== undefined) {
    const activation = ACTIVATIONS[one.op];
    const isSlope = two.op === `${one.op}_slope` && one.args[0] === z && two.args[0] === z;
    return activation !== undefined && isSlope && isStored(next + 1, next)
      ? { which: activation, wholes: [] }
      : null;
  }
  if (rest.length === 3 && o !== null && isStored(next, next + 2)) {
    const [p, q] = [factor(two, z), factor(three, next + 1)];
    return p !== null && q !== null ? { which: PRODUCTS, wholes: [o, p, q] } : null;
  }
  return null;
}

function isPair(args: readonly number[], a: number, b: number): boolean {
  return args.length === 2 && ((args[0] === a && args[1] === b) || (args[0] === b && args[1] === a));
}
