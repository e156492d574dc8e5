import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../../graph/sizes.ts';
import type { Bound, KernelContext } from '../../dispatch.ts';
import { read, type Wanted, write } from '../../wanted.ts';
import { type Axis, broadcast, indexText } from '../broadcast.ts';
import { expressionText, seedsOf } from '../expression.ts';

/** What happens to the product before it is stored. */
export interface Epilogue {
  /** Elements that are finished at a time: 4 where all that is read and written allows it. */
  readonly vector: 1 | 4;
  /** Operands and results, to be bound beside a and b. */
  readonly wanted: Readonly<Record<string, Wanted>>;
  /**
   * Declares `alias T` and `fn finish(row : u32, column : u32, product : T)`, which stores. `row` counts
   * through all batches, `column` is that of the first element.
   */
  text(tensors: Bound<string>['tensors']): string;
}

interface Operand {
  readonly name: string;
  readonly reach: 'seed' | 'scalar' | 'strided' | 'dense' | 'column' | 'walked';
  readonly axes: readonly Axis[];
}

export function epilogue(call: KernelCallOf<'matmul'>, context: KernelContext, most: 1 | 4 = 4): Epilogue {
  const { batch, m, n, sums } = call.attributes;
  const expression = call.attributes.epilogue ?? { operands: 1, steps: [], stores: [0] };
  const seeds = seedsOf(expression);
  const ids = call.inputs.slice(2);
  const shape = [batch * m, n];
  const operands = ids.map((id, i): Operand => {
    const tensor = context.tensor(id);
    const axes = broadcast(fold(tensor.shape, shape), shape);
    const reach = seeds.has(i + 1)
      ? 'seed'
      : tensor.row_stride !== null
        ? 'strided'
        : reachOf(axes, n, sizeOf(shape));
    return { name: `e${i}`, reach, axes };
  });
  const results = sums === null ? call.outputs : call.outputs.slice(0, -1);
  const outputs = results.flatMap((id, i) => (id === null ? [] : [{ name: `y${i}`, id, i }]));

  const strides = [...ids.filter((_, i) => operands[i]?.reach === 'strided'), ...outputs.map(({ id }) => id)];
  const wide =
    most === 4 && n % 4 === 0 && strides.every((id) => (context.tensor(id).row_stride ?? n) % 4 === 0);
  const vector = wide ? 4 : 1;

  const wanted: Record<string, Wanted> = {};
  for (const [i, { name, reach }] of operands.entries()) {
    const id = ids[i] as number;
    const single = reach === 'scalar' || reach === 'walked';
    wanted[name] = reach === 'seed' ? read(id, 1, 'u32') : read(id, single ? 1 : vector);
  }
  for (const { name, id } of outputs) wanted[name] = write(id, vector);

  return {
    vector,
    wanted,
    text(tensors) {
      const column = wide ? '(column / 4u)' : 'column';
      const dense = `row * ${n / vector}u + ${column}`;
      const load = ({ name, reach, axes }: Operand): string => {
        const from = tensors[name] as Bound<string>['tensors'][string];
        switch (reach) {
          case 'seed':
            return from.load('0u');
          case 'scalar':
            return `T(${from.load('0u')})`;
          case 'strided':
            return from.load(`row * ${from.row_stride}u + ${column}`);
          case 'dense':
            return from.load(dense);
          case 'column':
            return from.load(column);
          case 'walked':
            return `T(${range(vector)
              .map((lane) => from.load(indexText(axes, lane === 0 ? 'flat' : `(flat + ${lane}u)`, 1)))
              .join(', ')})`;
        }
      };
      const text = expressionText(expression, {
        vector,
        operands: ['product', ...operands.map(({ name }) => name)],
        index: 'flat',
      });
      const stores = outputs.map(({ name, i }) => {
        const to = tensors[name] as Bound<string>['tensors'][string];
        return to.store(`row * ${to.row_stride}u + ${column}`, text.stores[i] as string);
      });
      return `
${text.module}
fn finish(row : u32, column : u32, product : T) {
  let flat = row * ${n}u + column;
  ${operands.map((one) => `let ${one.name} = ${load(one)};`).join('\n  ')}
  ${text.body}
  ${stores.join('\n  ')}
}`;
    },
  };
}

/** Leading axes as one, as matmul sees its result; as it is where it does not have all of them. */
function fold(from: readonly number[], to: readonly number[]): readonly number[] {
  const size = sizeOf(from);
  if (size === sizeOf(to)) return to;
  const last = from.at(-1) ?? 1;
  return size === last ? [last] : size === to[0] && last === 1 ? [size, 1] : from;
}

function reachOf(axes: readonly Axis[], n: number, size: number): Operand['reach'] {
  const [first, second] = axes;
  if (first === undefined) return 'scalar';
  if (axes.length === 1 && first.stride === 1) return first.extent === size ? 'dense' : 'walked';
  if (axes.length === 2 && first.stride === 0 && second?.stride === 1 && second.extent === n) return 'column';
  return 'walked';
}

const LANES = ['x', 'y', 'z', 'w'] as const;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Statements that finish four neighbouring elements of row `r`; what lies beyond the last column is left. */
export function finishFour({ vector }: Epilogue, n: number, column: string, four: string): string {
  if (vector === 4) return `if (${column} < ${n}u) { finish(r, ${column}, ${four}); }`;
  return LANES.map(
    (lane, c) => `if (${column} + ${c}u < ${n}u) { finish(r, ${column} + ${c}u, ${four}.${lane}); }`,
  ).join(' ');
}
