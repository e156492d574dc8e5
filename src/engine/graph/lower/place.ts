import { aligned } from '../arena.ts';
import { firstElementwiseInput, mayLieOver } from './aliasing.ts';
import { emitWholeCopy } from './copies.ts';
import type { Draft, DraftCall, DraftValue } from './draft.ts';
import type { Ends, PendingUpdate } from './ends.ts';
import { Packer } from './intervals.ts';
import type { KernelAttributes, TensorPlace } from './kernel-plan.ts';

/** Where everything of a draft lives. */
export interface Places {
  /** By value id; that of its base. Null for what no call touches. */
  readonly places: readonly (TensorPlace | null)[];
  /** The calls that are left, in order. */
  readonly calls: readonly DraftCall[];
  readonly arena_bytes: number;
  /** By value id: moments (indices of calls) at which a base of the arena is first and last needed; -2 for none. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** By value id: the base that is computed over it when it is read for the last time; -1 for none. */
  readonly heirs: Int32Array;
}

const NEVER = -2;
/** What is fed is there before the first call. */
const BEFORE = -1;

/**
 * Plans memory: next values of states are computed where the state is wherever nobody needs the old one
 * any more, results go over operands that are read for the last time, everything else gets a place in the
 * arena by its lifetime. `fixed` asks for an offset from the arena's start, by base.
 */
export function place(draft: Draft, ends: Ends, fixed: ReadonlyMap<number, number>): Places {
  const late = lateUpdates(draft, ends);
  for (const { state, from } of late) emitUpdate(draft, state, from);
  const calls = neededCalls(draft, ends);
  const { first, last } = lifetimes(draft, calls, ends);

  const { values } = draft;
  const places = new Array<TensorPlace | null>(values.length).fill(null);
  for (const name in draft.program.state) places[draft.program.state[name] as number] = { in: 'state', name };
  const isLate = new Set(late);
  for (const update of ends.pending) {
    if (isLate.has(update)) continue;
    const { base } = draft.value(update.from);
    places[base] = places[update.state] as TensorPlace;
  }

  const { storage, heirs } = shareStorage(draft, calls, first, last, places, fixed);
  // What shares storage keeps it until the last of them is read.
  const until = last.slice();
  for (let id = 0; id < values.length; id++) {
    const root = storage[id] as number;
    if ((values[id] as DraftValue).base === id && (last[id] as number) > (until[root] as number)) {
      until[root] = last[id] as number;
    }
  }
  for (const [id, moment] of heldLonger(draft, calls)) {
    const root = storage[id] as number;
    if (moment > (until[root] as number)) until[root] = moment;
  }
  const packer = new Packer();
  for (let id = 0; id < values.length; id++) {
    if ((values[id] as DraftValue).base !== id || places[id] !== null) continue;
    if (storage[id] !== id || first[id] === NEVER) continue;
    packer.add(id, bytesOf(draft, id), first[id] as number, until[id] as number, fixed.get(id));
  }
  const arena_bytes = packer.pack((id, offset) => {
    places[id] = { in: 'arena', offset };
  });
  for (let id = 0; id < values.length; id++) {
    if (places[id] !== null) continue;
    const { base } = values[id] as DraftValue;
    places[id] = places[storage[base] as number] ?? places[base] ?? null;
  }
  return {
    places,
    calls: calls.filter((call) => !movesNothing(draft, call, places)),
    arena_bytes,
    first,
    last,
    heirs,
  };
}

export function bytesOf(draft: Draft, id: number): number {
  return aligned(draft.value(id).size * draft.elementBytes(id));
}

/** Updates that cannot be computed in the state's place. */
function lateUpdates(draft: Draft, { pending }: Ends): readonly PendingUpdate[] {
  const { calls, values } = draft;
  const firstWrite = new Int32Array(values.length).fill(-1);
  const lastRead = new Int32Array(values.length).fill(-1);
  calls.forEach((call, index) => {
    for (const input of call.inputs) {
      lastRead[draft.value(input).base] = index;
      for (const state of draft.stacks.get(input) ?? []) lastRead[state] = index;
    }
    for (const output of call.outputs) {
      if (output === null) continue;
      const { base } = draft.value(output);
      if (firstWrite[base] === -1) firstWrite[base] = index;
    }
  });
  const taken = new Set<number>();
  return pending.filter(({ state, from }) => {
    const { base, size, offset } = draft.value(from);
    const write = firstWrite[base] as number;
    const isWhole = offset === 0 && size === draft.value(base).size;
    if (write < 0 || !isWhole || taken.has(base) || draft.nodes[base]?.op === 'constant') return true;
    const read = lastRead[state] as number;
    if (read > write) return true;
    if (read === write && !mayOverwrite(draft, calls[write] as DraftCall, base, (id) => id === state))
      return true;
    taken.add(base);
    return false;
  });
}

function emitUpdate(draft: Draft, state: number, from: number): void {
  const source = draft.nodes[from];
  const origin = { scope: source?.scope ?? '', flops: 0 };
  if (source?.op === 'constant') draft.call('fill', [], [state], source.attributes, origin);
  else emitWholeCopy(draft, from, state, origin);
}

/** Without calls whose results nobody reads. */
function neededCalls(draft: Draft, ends: Ends): readonly DraftCall[] {
  const wanted = new Uint8Array(draft.values.length);
  for (const name in ends.outputs) wanted[draft.value(ends.outputs[name] as number).base] = 1;
  for (const { from } of ends.pending) wanted[draft.value(from).base] = 1;
  for (const name in draft.program.state) wanted[draft.program.state[name] as number] = 1;
  const kept: DraftCall[] = [];
  for (let i = draft.calls.length - 1; i >= 0; i--) {
    const call = draft.calls[i] as DraftCall;
    if (!call.outputs.some((id) => id !== null && wanted[draft.value(id).base] === 1)) continue;
    for (const input of call.inputs) wanted[draft.value(input).base] = 1;
    kept.push(call);
  }
  return kept.reverse();
}

function lifetimes(draft: Draft, calls: readonly DraftCall[], ends: Ends) {
  const first = new Int32Array(draft.values.length).fill(NEVER);
  const last = new Int32Array(draft.values.length).fill(NEVER);
  for (const name in draft.program.inputs) {
    const id = draft.program.inputs[name] as number;
    first[id] = BEFORE;
    last[id] = BEFORE;
  }
  const touch = (id: number, index: number): void => {
    const { base } = draft.value(id);
    if (first[base] === NEVER) first[base] = index;
    last[base] = index;
  };
  calls.forEach((call, index) => {
    for (const input of call.inputs) touch(input, index);
    for (const output of call.outputs) if (output !== null) touch(output, index);
    if (call.scratch !== null) touch(call.scratch, index);
  });
  for (const name in ends.outputs) touch(ends.outputs[name] as number, calls.length);
  return { first, last };
}

/**
 * Which of the calls after a norm's gradient has room beside it for the norm's sums, with eight tensors bound:
 * after a block of gpt2 the next; in llama the two before and the one after it are full.
 */
const HELD_CALLS = { layer_norm_grad: 1, rms_norm_grad: 3 };

/** Elements that a sum which nobody waits for is made of, at most. */
const FEW = 16_384;

/**
 * What a norm's gradients of weight and bias are summed from stays for some calls more, so that a device may
 * add these sums beside one of them instead of before; and what a few numbers (a batch's losses) are summed
 * from stays to the end.
 */
function heldLonger(draft: Draft, calls: readonly DraftCall[]): [base: number, moment: number][] {
  const last = calls.length - 1;
  return calls.flatMap((call, index) => {
    const { kernel, inputs, scratch } = call;
    const [x = -1, , dy = -1] = inputs;
    const held = (ids: readonly (number | null)[], moment: number) =>
      ids.flatMap((id): [number, number][] =>
        id === null ? [] : [[draft.value(id).base, Math.min(moment, last)]],
      );
    if (kernel === 'layer_norm_grad' || kernel === 'rms_norm_grad') {
      return held([x, dy, scratch], index + HELD_CALLS[kernel]);
    }
    const isFew = kernel === 'reduce_sum' && scratch !== null && draft.value(x).size <= FEW;
    return isFew && call.attributes.outer * call.attributes.inner === 1 ? held([x, scratch], last) : [];
  });
}

/** By base: the base whose storage it lies in, and the one that takes it over. */
function shareStorage(
  draft: Draft,
  calls: readonly DraftCall[],
  first: Int32Array,
  last: Int32Array,
  places: readonly (TensorPlace | null)[],
  fixed: ReadonlyMap<number, number>,
): { readonly storage: Int32Array; readonly heirs: Int32Array } {
  const heirs = new Int32Array(draft.values.length).fill(-1);
  const storage = new Int32Array(draft.values.length);
  for (let id = 0; id < storage.length; id++) storage[id] = draft.value(id).base;
  calls.forEach((call, index) => {
    let taken: Set<number> | null = null;
    for (const output of call.outputs) {
      if (output === null) continue;
      const { base } = draft.value(output);
      if (first[base] !== index || places[base] !== null || fixed.has(base) || storage[base] !== base)
        continue;
      for (const input of call.inputs) {
        const source = draft.value(input).base;
        const root = storage[source] as number;
        if (source === base || last[source] !== index || places[source] !== null || taken?.has(root))
          continue;
        if (first[source] === index) continue; // scratch, or written by this very call
        if (bytesOf(draft, source) !== bytesOf(draft, base)) continue;
        if (!mayOverwrite(draft, call, base, (id) => storage[id] === root)) continue;
        storage[base] = root;
        heirs[source] = base;
        taken ??= new Set();
        taken.add(root);
        break;
      }
    }
  });
  return { storage, heirs };
}

/** Whether the call may write `base` over the inputs whose bases `shares` picks. */
function mayOverwrite(
  draft: Draft,
  call: DraftCall,
  base: number,
  shares: (base: number) => boolean,
): boolean {
  const position = call.outputs.findIndex((id) => id !== null && draft.value(id).base === base);
  const output = draft.value(call.outputs[position] as number);
  if (!isWhole(draft, output.id)) return false;
  // Sums are written while a product is under way, its epilogue's operands are read at its end.
  if (isSums(call, position)) return false;
  const elementwise = firstElementwiseInput(call.kernel);
  const pairs = mayLieOver(call.kernel);
  return call.inputs.every((id, i) => {
    const input = draft.value(id);
    if (!shares(input.base)) return true;
    if (!isWhole(draft, id) || input.size !== output.size || input.dtype !== output.dtype) return false;
    if (draft.isHalf(id) !== draft.isHalf(output.id)) return false;
    if (call.kernel === 'copy') return isWholeCopy(draft, call);
    if (elementwise !== null && i >= elementwise) return true;
    return pairs.some(([o, from]) => o === position && from === i);
  });
}

/** Whether that output of a product holds the sums of an operand. */
function isSums({ kernel, attributes, outputs }: DraftCall, position: number): boolean {
  if (kernel !== 'matmul' || position !== outputs.length - 1) return false;
  return (attributes as KernelAttributes['matmul']).sums !== null;
}

function isWhole(draft: Draft, id: number): boolean {
  const { base, offset, size, row_stride } = draft.value(id);
  return offset === 0 && row_stride === null && size === draft.value(base).size;
}

/** One that leaves every element where it is, once both tensors are in one place. */
function isWholeCopy(draft: Draft, call: DraftCall): boolean {
  if (call.kernel !== 'copy') return false;
  const { extent, from_offset, to_offset, from_strides, to_strides } = call.attributes;
  return (
    from_offset === 0 &&
    to_offset === 0 &&
    extent.length === 1 &&
    from_strides[0] === 1 &&
    to_strides[0] === 1 &&
    extent[0] === draft.value(call.outputs[0] as number).size
  );
}

function movesNothing(draft: Draft, call: DraftCall, places: readonly (TensorPlace | null)[]): boolean {
  if (call.kernel !== 'copy' || !isWholeCopy(draft, call)) return false;
  const [from, to] = [places[call.inputs[0] as number], places[call.outputs[0] as number]];
  const offset = (id: number): number => draft.value(id).offset;
  if (offset(call.inputs[0] as number) !== offset(call.outputs[0] as number)) return false;
  if (from?.in === 'state') return to?.in === 'state' && from.name === to.name;
  return from?.in === 'arena' && to?.in === 'arena' && from.offset === to.offset;
}
