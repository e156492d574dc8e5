import { aligned } from '../../../graph/arena.ts';
import { readsHalf, writesHalf } from '../../../graph/lower/half.ts';
import type { KernelCall, KernelPlan, PlanTensor, StorageType } from '../../../graph/lower/kernel-plan.ts';
import { extentOf, sizeOf } from '../../../graph/sizes.ts';
import type { WebgpuDevice } from '../device.ts';

/** A tensor of one call; `values` fill it, gaps between rows included, before the call runs. */
export interface GivenTensor {
  readonly shape: readonly number[];
  /** Halves are rounded on the way in, and read back as f32. */
  readonly dtype?: StorageType;
  readonly row_stride?: number;
  /** Elements from the start of its place. */
  readonly offset?: number;
  readonly values: Float32Array | Int32Array;
}

export interface CallCase {
  readonly call: KernelCall;
  /** By id. */
  readonly tensors: readonly GivenTensor[];
  /** Ids that are read back, with what lies between their rows. */
  readonly results: readonly number[];
}

/** A plan of one call whose operands are fed and whose results are read; tensors fed are poison where they are results. */
export function planOf({ call, tensors, results }: CallCase): KernelPlan {
  let at = 0;
  const take = (elements: number, bytes: number): number => {
    const place = at;
    at += aligned(elements * bytes);
    return place;
  };
  const placed: PlanTensor[] = [];
  for (const [id, given] of tensors.entries()) {
    const { shape, dtype = 'f32', row_stride = null, offset = 0 } = given;
    placed.push({
      id,
      shape,
      dtype,
      place: {
        in: 'arena',
        offset: take(offset + extentOf({ shape, row_stride }), dtype === 'f16' ? 2 : 4),
      },
      offset,
      row_stride,
      kind: 'activations',
    });
  }
  // What is fed and read sees rows and gaps alike: a flat twin of each tensor in the same place.
  const flat = (tensor: PlanTensor, id: number): PlanTensor => ({
    ...tensor,
    id,
    shape: [extentOf(tensor)],
    row_stride: null,
  });
  const twins = placed.map((tensor): PlanTensor => {
    const twin = flat(tensor, placed.length + tensor.id);
    if (tensor.dtype !== 'f16') return twin;
    return { ...twin, dtype: 'f32', offset: 0, place: { in: 'arena', offset: take(extentOf(tensor), 4) } };
  });
  // Of halves the twin lies elsewhere, and is copied.
  const halves = placed.filter(({ dtype }) => dtype === 'f16');
  const flats = halves.map((tensor, i) => flat(tensor, 2 * placed.length + i));
  const moved = flats.map(({ id: to, shape: [size = 0] }, i): KernelCall[] => {
    const from = placed.length + (halves[i] as PlanTensor).id;
    const steps = { from_offset: 0, from_strides: [1], to_offset: 0, to_strides: [1] };
    const copy = { kernel: 'copy', attributes: { extent: [size], ...steps }, scratch: null } as const;
    const rest = { scope: '', flops: 0, bytes: 0 };
    return [
      { ...copy, inputs: [from], outputs: [to], ...rest },
      { ...copy, inputs: [to], outputs: [from], ...rest },
    ];
  });
  const none = { weights: 0, gradients: 0, optimizer: 0, activations: at, logits: 0, total: at };
  return {
    name: call.kernel,
    tensors: [...placed, ...twins, ...flats],
    calls: [
      ...moved.map((pair) => pair[0] as KernelCall),
      call,
      ...moved.map((pair) => pair[1] as KernelCall),
    ],
    inputs: Object.fromEntries(placed.map(({ id }) => [`t${id}`, placed.length + id])),
    outputs: Object.fromEntries(results.map((id) => [`t${id}`, placed.length + id])),
    arena_bytes: at,
    arena: none,
    bytes: none,
  };
}

/** The same with halves wherever the call takes them, and rows of fours allow it. */
export function withHalves({ call, tensors, results }: CallCase): CallCase {
  const exact = new Set<number>(call.scratch === null ? [] : [call.scratch]);
  const values = call.outputs.map((id) => {
    const { shape = [], row_stride = null } = id === null ? {} : (tensors[id] as GivenTensor);
    return id === null ? null : { shape, row_stride };
  });
  for (const [i, id] of call.inputs.entries()) if (!readsHalf(call, i)) exact.add(id);
  for (const [i, id] of call.outputs.entries()) {
    if (id !== null && !writesHalf(call, i, values)) exact.add(id);
  }
  const fours = ({ shape, offset = 0, row_stride = 0 }: GivenTensor) =>
    [shape.at(-1) ?? 1, offset, row_stride].every((size) => size % 4 === 0);
  const given = tensors.map((tensor, id): GivenTensor => {
    const isHalf = (tensor.dtype ?? 'f32') === 'f32' && fours(tensor) && !exact.has(id);
    return isHalf ? { ...tensor, dtype: 'f16' } : tensor;
  });
  return { call, tensors: given, results };
}

/** Runs the call `runs` times from the same operands and poison; gives each run's results. */
export async function runCall(device: WebgpuDevice, one: CallCase, runs = 1): Promise<Float32Array[][]> {
  const plan = planOf(one);
  const session = await device.open([]);
  try {
    const executable = await session.compilePlan(plan);
    const feeds = Object.fromEntries(one.tensors.map(({ values }, id) => [`t${id}`, values]));
    for (const [id, { values, shape, row_stride = null }] of one.tensors.entries()) {
      if (values.length !== extentOf({ shape, row_stride })) {
        throw new RangeError(
          `tensor ${id} of shape ${shape.join(' x ')} (${sizeOf(shape)}) got ${values.length} values`,
        );
      }
    }
    const all: Float32Array[][] = [];
    for (let run = 0; run < runs; run++) {
      const outputs = await executable.run(feeds);
      all.push(one.results.map((id) => outputs[`t${id}`] as Float32Array));
    }
    return all;
  } finally {
    session.dispose();
  }
}
