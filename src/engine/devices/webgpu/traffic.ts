import type { KernelCall, KernelPlan } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import type { Reach } from './reach.ts';
import type { Batch } from './schedule.ts';
import { type ByteRange, rangeOf } from './spaces.ts';

export interface Traffic {
  /** Read and written by all dispatches. */
  readonly bytes: number;
  /** That have to be, however the calls of the plan are dispatched. */
  readonly least_bytes: number;
}

/**
 * What one run moves, against what its plan must. The least is that every call reads each of its operands
 * once and writes each of its results once (`KernelCall.bytes`). Counted is what the dispatches reach: each
 * range that one binds once for reading and once for writing, also where two that share a dispatch read the
 * same, and every further dispatch of a call anew. What a dispatch reads again of what it has read (a tile
 * of a product, keys for another query) is not counted: caches and workgroup memory are there for that.
 */
export function trafficOf(plan: KernelPlan, batches: readonly Batch[], layout: StateLayout): Traffic {
  let bytes = 0;
  for (const { calls, reaches } of batches) {
    for (const [i, call] of calls.entries()) {
      bytes += moved(plan, plan.calls[call] as KernelCall, reaches[i] as readonly Reach[], layout);
    }
  }
  const least_bytes = plan.calls.reduce((sum, call) => sum + call.bytes, 0);
  return { bytes, least_bytes };
}

function moved(plan: KernelPlan, call: KernelCall, reaches: readonly Reach[], layout: StateLayout): number {
  let bytes = reaches.reduce((sum, reach) => sum + bytesOf(reach), 0);
  // What is updated where it lies is bound once, to be written, and read as well.
  for (const id of call.inputs) {
    const tensor = plan.tensors[id];
    if (tensor === undefined) continue;
    const range = rangeOf(tensor, layout);
    const within = reaches.filter((reach) => contains(reach.range, range));
    if (within.length > 0 && within.every(({ written }) => written)) bytes += range.end - range.start;
  }
  return bytes;
}

/** Without the gaps between rows. */
function bytesOf({ range: { start, end }, gaps }: Reach): number {
  return gaps === null ? end - start : Math.ceil((end - start) / gaps.stride) * gaps.width;
}

function contains(outer: ByteRange, inner: ByteRange): boolean {
  return outer.space === inner.space && outer.start <= inner.start && inner.end <= outer.end;
}
