import { aligned } from '../../../graph/arena.ts';
import type { DType } from '../../../graph/ir.ts';
import type { KernelCall, KernelPlan, PlanTensor } from '../../../graph/lower/kernel-plan.ts';
import type { WebgpuDevice } from '../device.ts';
import { extentOf, sizeOf } from '../spaces.ts';

/** A tensor of one call; `values` fill it, gaps between rows included, before the call runs. */
export interface GivenTensor {
  readonly shape: readonly number[];
  readonly dtype?: DType;
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
  const placed: PlanTensor[] = [];
  for (const [id, given] of tensors.entries()) {
    const { shape, dtype = 'f32', row_stride = null, offset = 0 } = given;
    placed.push({
      id,
      shape,
      dtype,
      place: { in: 'arena', offset: at },
      offset,
      row_stride,
      kind: 'activations',
    });
    at += aligned((offset + extentOf({ shape, row_stride })) * 4);
  }
  // What is fed and read sees rows and gaps alike: a flat twin of each tensor in the same place.
  const twins = placed.map((tensor) => ({
    ...tensor,
    id: placed.length + tensor.id,
    shape: [extentOf(tensor)],
    row_stride: null,
  }));
  const none = { weights: 0, gradients: 0, optimizer: 0, activations: at, logits: 0, total: at };
  return {
    name: call.kernel,
    tensors: [...placed, ...twins],
    calls: [call],
    inputs: Object.fromEntries(placed.map(({ id }) => [`t${id}`, placed.length + id])),
    outputs: Object.fromEntries(results.map((id) => [`t${id}`, placed.length + id])),
    arena_bytes: at,
    arena: none,
    bytes: none,
  };
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
