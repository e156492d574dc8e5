import { AnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';
import type { KernelCall } from '../../graph/lower/kernel-plan.ts';
import { batchesOf } from './batches.ts';
import { type Companions, type ContextParts, kernelContext } from './bind.ts';
import type { Dispatch, KernelContext } from './dispatch.ts';
import { groupRanges, pieceCount } from './groups.ts';
import { KERNELS } from './kernels/table.ts';
import { merged, mergeSize } from './merge.ts';
import { conflict, type Reach } from './reach.ts';
import { halved } from './split.ts';
import { workgroupBytes } from './workgroup-memory.ts';

/** One dispatch of a call. */
export interface Part {
  /** Index of the call in its plan. */
  readonly call: number;
  readonly dispatch: Dispatch;
}

/** Dispatches that run as one, in the order of their calls. */
export interface Batch {
  readonly dispatch: Dispatch;
  /** Indices of the calls that it is of; one that shares it with another dispatch of the same call is there twice. */
  readonly calls: readonly number[];
  /** What each of them reaches. */
  readonly reaches: readonly (readonly Reach[])[];
}

/** More would make long texts of which each workgroup runs little. */
const MOST_PARTS = 4;

/** The dispatches of the calls, those joined that need not wait for one another. */
export function schedule(calls: readonly KernelCall[], context: ContextParts): Batch[] {
  const parts = calls.flatMap((one, call) =>
    dispatchesOf(one, context).map((dispatch): Part => ({ call, dispatch })),
  );
  const sizes = parts.map(({ dispatch }) => mergeSize(dispatch));
  const part = (i: number) => parts[i] as Part;
  const batches = batchesOf(parts.length, {
    conflict: (a, b) => touch(part(a), part(b), conflict),
    feeds: (a, b) =>
      touch(part(a), part(b), (one, other) => one.written && !other.written && conflict(one, other)),
    fit: (ids) => {
      const [size = null] = ids.map((i) => sizes[i]);
      if (ids.length > 1 && (size === null || ids.length > MOST_PARTS)) return false;
      if (ids.some((i) => sizes[i] !== size)) return false;
      const together = ids.map(part);
      return ids.length === 1 || (bindable(together, context) && roomy(together, context));
    },
  });
  return batches.map((ids) => {
    const together = ids.map(part);
    return {
      dispatch: joined(together, calls, context),
      calls: together.map(({ call }) => call),
      reaches: together.map((one) => one.dispatch.parts.reaches),
    };
  });
}

/** Over parts of its tensors where they cannot be bound at once. Throws ANN-DEV-002 where that does not help. */
export function dispatchesOf(call: KernelCall, parts: ContextParts): readonly Dispatch[] {
  // The table is typed by kernel; that this entry is the call's own is what TypeScript cannot follow.
  const kernel = KERNELS[call.kernel] as (call: KernelCall, context: KernelContext) => readonly Dispatch[];
  const serial = parts.serial ?? { next: 0 };
  const context = kernelContext({ ...parts, serial });
  try {
    return kernel(call, context);
  } catch (error) {
    const halves = isNoRoom(error) ? halved(call, context) : null;
    if (halves === null) throw error;
    try {
      return halves.flatMap((half) => {
        const views = new Map([...(parts.views ?? []), ...half.views]);
        return dispatchesOf(half.call, { ...parts, serial, views });
      });
    } catch (inner) {
      throw isNoRoom(inner) ? error : inner;
    }
  }
}

function isNoRoom(error: unknown): boolean {
  return error instanceof AnnealError && error.code === deviceErrors.outOfMemory.code;
}

function touch(a: Part, b: Part, how: (one: Reach, other: Reach) => boolean): boolean {
  return a.dispatch.parts.reaches.some((one) => b.dispatch.parts.reaches.some((other) => how(one, other)));
}

function bindable(parts: readonly Part[], { adapter }: ContextParts): boolean {
  const tables = parts.reduce((sum, { dispatch }) => sum + dispatch.parts.tables, 0);
  const ranges = reachesOf(parts).map(({ range }) => range);
  // Not by joining distant ranges: then texts would differ from layer to layer.
  const groups = groupRanges(ranges, adapter, Number.POSITIVE_INFINITY);
  return pieceCount(groups, adapter) + tables <= adapter.max_bindings;
}

function roomy(parts: readonly Part[], { adapter }: ContextParts): boolean {
  const bytes = parts.reduce((sum, { dispatch }) => sum + workgroupBytes(dispatch.parts.module), 0);
  return bytes <= adapter.workgroup_storage;
}

function reachesOf(parts: readonly Part[]): Reach[] {
  return parts.flatMap(({ dispatch }) => dispatch.parts.reaches);
}

/** Each is made again, knowing what the others bind. */
function joined(parts: readonly Part[], calls: readonly KernelCall[], context: ContextParts): Dispatch {
  if (parts.length === 1) return (parts[0] as Part).dispatch;
  const remade = parts.map((part, i): Dispatch => {
    const { number } = part.dispatch.parts;
    const others = parts.filter((_, k) => k !== i);
    const sumTables = (some: readonly Part[]) =>
      some.reduce((sum, { dispatch }) => sum + dispatch.parts.tables, 0);
    const companions: Companions = {
      before: reachesOf(parts.slice(0, i)),
      after: reachesOf(parts.slice(i + 1)),
      tablesBefore: sumTables(parts.slice(0, i)),
      tables: sumTables(others),
    };
    const again = dispatchesOf(calls[part.call] as KernelCall, {
      ...context,
      companions: new Map([[number, companions]]),
    });
    const found = again.find((dispatch) => dispatch.parts.number === number);
    if (found === undefined) throw new RangeError('a kernel does not repeat itself');
    return found;
  });
  return merged(remade, context.adapter);
}
