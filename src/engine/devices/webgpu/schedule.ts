import { AnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';
import type { KernelCall } from '../../graph/lower/kernel-plan.ts';
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
  /** Indices of the calls that it is of. */
  readonly calls: readonly number[];
}

/** More would make long texts of which each workgroup runs little. */
const MOST_PARTS = 4;

interface OpenBatch {
  readonly parts: Part[];
  readonly size: string | null;
}

/** The dispatches of the calls, those joined that need not wait for one another. */
export function schedule(calls: readonly KernelCall[], context: ContextParts): Batch[] {
  const batches: OpenBatch[] = [];
  for (const [call, one] of calls.entries()) {
    for (const dispatch of dispatchesOf(one, context)) {
      const part = { call, dispatch };
      const target = joinable(part, batches, context);
      if (target === null) batches.push({ parts: [part], size: mergeSize(dispatch) });
      else target.parts.push(part);
    }
  }
  return batches.map(({ parts }) => ({
    dispatch: joined(parts, calls, context),
    calls: parts.map(({ call }) => call),
  }));
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

/** The latest batch that the part can join without passing one that it depends on. */
function joinable(part: Part, batches: readonly OpenBatch[], context: ContextParts): OpenBatch | null {
  const size = mergeSize(part.dispatch);
  if (size === null) return null;
  for (let i = batches.length - 1; i >= 0; i--) {
    const batch = batches[i] as OpenBatch;
    if (batch.parts.some((other) => depend(part, other))) return null;
    if (batch.size === size && batch.parts.length < MOST_PARTS) {
      const together = [...batch.parts, part];
      if (bindable(together, context) && roomy(together, context)) return batch;
    }
  }
  return null;
}

function depend(a: Part, b: Part): boolean {
  return a.dispatch.parts.reaches.some((one) =>
    b.dispatch.parts.reaches.some((other) => conflict(one, other)),
  );
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
