import type { Feed, Feeds } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { KernelPlan, PlanTensor } from '../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../graph/sizes.ts';

/** A stretch of the arena that is written in one go before a run. */
interface Region {
  readonly start: number;
  readonly bytes: number;
  readonly inputs: readonly { readonly name: string; readonly tensor: PlanTensor; readonly at: number }[];
}

/** Bytes between two inputs that are rather written than begun anew after. Nothing lives there yet. */
const GAP = 64 * 1024;

export interface PackedFeeds {
  readonly start: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Lays out what is fed as the plan has it in the arena, most often as one region. */
export function feedPacker(plan: KernelPlan): (feeds: Feeds) => PackedFeeds[] {
  const regions = regionsOf(plan);
  return (feeds) =>
    regions.map(({ start, bytes, inputs }) => {
      const data = new ArrayBuffer(bytes);
      for (const { name, tensor, at } of inputs) put(name, tensor, feeds[name], data, at);
      return { start, data: new Uint8Array(data) };
    });
}

function regionsOf(plan: KernelPlan): Region[] {
  const placed = Object.entries(plan.inputs)
    .map(([name, id]) => {
      const tensor = plan.tensors[id] as PlanTensor;
      const start = tensor.place.in === 'arena' ? tensor.place.offset + tensor.offset * 4 : 0;
      return { name, tensor, start, end: start + sizeOf(tensor.shape) * 4 };
    })
    .sort((a, b) => a.start - b.start);
  const clusters: (typeof placed)[] = [];
  for (const input of placed) {
    const last = clusters.at(-1);
    if (last !== undefined && input.start - (last.at(-1)?.end ?? 0) <= GAP) last.push(input);
    else clusters.push([input]);
  }
  return clusters.map((cluster) => {
    const start = cluster[0]?.start ?? 0;
    return {
      start,
      bytes: (cluster.at(-1)?.end ?? start) - start,
      inputs: cluster.map(({ name, tensor, start: place }) => ({ name, tensor, at: place - start })),
    };
  });
}

function put(name: string, tensor: PlanTensor, feed: Feed | undefined, data: ArrayBuffer, at: number): void {
  const size = sizeOf(tensor.shape);
  const values = typeof feed === 'number' ? [feed] : feed;
  if (values === undefined || values.length !== size) {
    throw deviceErrors.badFeed({
      message: `Input ${name} takes ${size} numbers and got ${values?.length ?? 'none'}`,
      where: name,
    });
  }
  const target = tensor.dtype === 'i32' ? new Int32Array(data, at, size) : new Float32Array(data, at, size);
  target.set(values);
}
