import type { NodeOf } from '../ir.ts';
import type { MemoryBytes } from '../memory-plan.ts';
import { addBytes, bytesByKind, divided, KINDS } from '../memory-plan.ts';
import { bytesMoved } from './bytes.ts';
import type { Draft, DraftCall } from './draft.ts';
import type { Ends } from './ends.ts';
import type { KernelCall, KernelPlan, PlanTensor, TensorId, TensorPlace } from './kernel-plan.ts';
import type { Places } from './place.ts';
import { bytesOf } from './place.ts';

/** The plan of a draft whose places are known: tensors that calls touch, numbered anew. */
export function finish(draft: Draft, ends: Ends, places: Places): KernelPlan {
  const { program } = draft;
  const tensors: PlanTensor[] = [];
  const ids = new Int32Array(draft.values.length).fill(-1);
  const tensor = (id: number): TensorId => {
    const known = ids[id] as number;
    if (known >= 0) return known;
    const { shape, dtype, offset, row_stride, kind } = draft.value(id);
    ids[id] = tensors.length;
    const where = placeOf(draft, places.places[id] as TensorPlace, id);
    const stored = draft.isHalf(id) ? 'f16' : dtype;
    tensors.push({ id: tensors.length, shape, dtype: stored, place: where, offset, row_stride, kind });
    return tensors.length - 1;
  };
  const named = (values: Readonly<Record<string, number>>): Readonly<Record<string, TensorId>> => {
    const found: Record<string, TensorId> = {};
    for (const name in values) found[name] = tensor(values[name] as number);
    return found;
  };
  const inputs = named(program.inputs);
  const calls = places.calls.map(
    (call: DraftCall) =>
      ({
        kernel: call.kernel,
        inputs: call.inputs.map(tensor),
        outputs: call.outputs.map((id) => (id === null ? null : tensor(id))),
        attributes: call.attributes,
        scratch: call.scratch === null ? null : tensor(call.scratch),
        scope: call.scope,
        flops: call.flops,
        bytes: bytesMoved(draft, call),
      }) as KernelCall,
  );
  const outputs = named(ends.outputs);
  const arena = arenaByKind(draft, places);
  const bytes = addBytes(arena, stateByKind(draft));
  return {
    name: program.name,
    tensors,
    calls,
    inputs,
    outputs,
    arena_bytes: places.arena_bytes,
    arena,
    bytes,
  };
}

function placeOf({ stacks, nodes }: Draft, place: TensorPlace, id: number): TensorPlace {
  const states = stacks.get(id);
  if (states === undefined || place.in !== 'state') return place;
  const then = states.slice(1).map((state) => (nodes[state] as NodeOf<'state'>).attributes.name);
  return { ...place, then };
}

/** The most that each kind takes at once; activations are what the arena holds beyond that. */
export function arenaByKind(
  draft: Draft,
  { places, first, last, heirs, arena_bytes, calls }: Places,
): MemoryBytes {
  let end = calls.length;
  for (const moment of last) if (moment > end) end = moment;
  const changes = KINDS.map(() => new Float64Array(end + 3));
  for (const { id, base, kind } of draft.values) {
    if (base !== id || places[id]?.in !== 'arena' || (first[id] as number) < -1) continue;
    const change = changes[KINDS.indexOf(kind)] as Float64Array;
    const bytes = bytesOf(draft, id);
    const heir = heirs[id] as number;
    const end = heir < 0 ? (last[id] as number) : (first[heir] as number) - 1;
    const [from, to] = [(first[id] as number) + 1, end + 2];
    change[from] = (change[from] as number) + bytes;
    change[to] = (change[to] as number) - bytes;
  }
  const most = changes.map((change) => {
    let [now, top] = [0, 0];
    for (const bytes of change) {
      now += bytes;
      if (now > top) top = now;
    }
    return top;
  });
  return bytesByKind(divided(most, arena_bytes));
}

function stateByKind(draft: Draft): MemoryBytes {
  const held = KINDS.map(() => 0);
  for (const name in draft.program.state) {
    const { kind, size } = draft.value(draft.program.state[name] as number);
    const at = KINDS.indexOf(kind);
    held[at] = (held[at] as number) + 4 * size;
  }
  return bytesByKind(held);
}
