import type { KernelCall, PlanTensor, TensorId } from '../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../graph/sizes.ts';
import type { KernelContext } from './dispatch.ts';

/** Half of a call: the same kernel over fewer rows of its tensors. */
export interface Half {
  readonly call: KernelCall;
  /** What its tensors are instead. */
  readonly views: ReadonlyMap<TensorId, PlanTensor>;
}

/** Rows of a half begin at multiples of this, so that vectors stay whole. */
const STEP = 4;

/**
 * The call as two over its rows, for adapters that cannot bind all of its tensors at once; null where the
 * kernel's rows depend on one another or there are too few.
 */
export function halved(call: KernelCall, context: KernelContext): readonly Half[] | null {
  const cut = cutOf(call, context);
  if (cut === null || cut.rows <= STEP) return null;
  const first = Math.ceil(cut.rows / 2 / STEP) * STEP;
  return [
    { from: 0, rows: first },
    { from: first, rows: cut.rows - first },
  ].map(({ from, rows }) => {
    const views = new Map<TensorId, PlanTensor>();
    for (const id of cut.byRow) views.set(id, rowsOf(context.tensor(id), cut.rows, from, rows));
    for (const id of cut.byColumn) views.set(id, columnsOf(context.tensor(id), from, rows));
    return { call: cut.again(rows), views };
  });
}

interface Cut {
  readonly rows: number;
  /** Tensors of which each row belongs to one row of the call. */
  readonly byRow: readonly TensorId[];
  /** Operands whose columns are the rows of the call. */
  readonly byColumn: readonly TensorId[];
  again(rows: number): KernelCall;
}

function cutOf(call: KernelCall, context: KernelContext): Cut | null {
  const present = (ids: readonly (TensorId | undefined | null)[]) =>
    ids.filter((id): id is TensorId => id !== null && id !== undefined);
  const full = (rows: number) => (id: TensorId) => sizeOf(context.tensor(id).shape) >= rows;
  switch (call.kernel) {
    case 'matmul': {
      const { m, n, batch, sums, epilogue, transpose_a } = call.attributes;
      // A mask depends on where its element is in the whole.
      const masked = epilogue?.steps.some(({ op }) => op === 'dropout_mask') ?? false;
      if (batch !== 1 || sums !== null || masked) return null;
      const [a = -1, , ...rest] = call.inputs;
      const whole = rest.filter((id) => sizeOf(context.tensor(id).shape) === m * n);
      const byRow = [...(transpose_a ? [] : [a]), ...whole, ...present(call.outputs)];
      const again = (rows: number): KernelCall => ({ ...call, attributes: { ...call.attributes, m: rows } });
      return { rows: m, byRow, byColumn: transpose_a ? [a] : [], again };
    }
    case 'layer_norm':
    case 'rms_norm':
    case 'softmax': {
      const again = (rows: number) =>
        ({ ...call, attributes: { ...call.attributes, rows } }) as unknown as KernelCall;
      const byRow = present([call.inputs[0], ...call.outputs]);
      return { rows: call.attributes.rows, byRow, byColumn: [], again };
    }
    case 'softmax_grad':
    case 'cross_entropy': {
      const { rows } = call.attributes;
      const again = (count: number) =>
        ({ ...call, attributes: { ...call.attributes, rows: count } }) as unknown as KernelCall;
      return {
        rows,
        byRow: present([...call.inputs, ...call.outputs]).filter(full(rows)),
        byColumn: [],
        again,
      };
    }
    case 'embedding': {
      const again = (rows: number): KernelCall => ({ ...call, attributes: { ...call.attributes, rows } });
      return {
        rows: call.attributes.rows,
        byRow: present([call.inputs[1], ...call.outputs]),
        byColumn: [],
        again,
      };
    }
    default:
      return null;
  }
}

function rowsOf(tensor: PlanTensor, of: number, from: number, rows: number): PlanTensor {
  const width = sizeOf(tensor.shape) / of;
  const stride = tensor.row_stride ?? width;
  const shape = tensor.shape.length === 1 ? [rows] : [rows, width];
  return { ...tensor, shape, offset: tensor.offset + from * stride };
}

function columnsOf(tensor: PlanTensor, from: number, columns: number): PlanTensor {
  const width = tensor.shape.at(-1) ?? 1;
  const row_stride = tensor.row_stride ?? width;
  return {
    ...tensor,
    shape: [sizeOf(tensor.shape) / width, columns],
    offset: tensor.offset + from,
    row_stride,
  };
}
