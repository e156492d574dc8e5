import type { Node } from '../ir.ts';
import { emitWholeCopy } from './copies.ts';
import type { Draft } from './draft.ts';

/** A state's next value, still to be brought into the state's place. */
export interface PendingUpdate {
  /** The state's node. */
  readonly state: number;
  readonly from: number;
}

export interface Ends {
  /** Name -> value that is read back. */
  readonly outputs: Readonly<Record<string, number>>;
  readonly pending: readonly PendingUpdate[];
}

/**
 * Sees to what is left when everything is computed. Old values of states that are still wanted (read back,
 * or the next value of another state) are saved first; only then do states change.
 */
export function emitEnds(draft: Draft): Ends {
  const { program, nodes } = draft;
  const changing = new Set<number>();
  const updates: PendingUpdate[] = [];
  for (const name in program.updates) {
    const state = program.state[name];
    if (state === undefined) continue;
    const from = program.updates[name] as number;
    const value = draft.value(from);
    if (value.base === state && value.offset === 0 && value.size === draft.value(state).size) continue; // stays as it is
    changing.add(state);
    updates.push({ state, from });
  }
  const saved = new Map<number, number>();
  const save = (id: number): number => {
    const known = saved.get(id);
    if (known !== undefined) return known;
    const { shape, dtype, kind } = draft.value(id);
    const copy = draft.make(shape, dtype, kind);
    emitWholeCopy(draft, id, copy, { scope: (nodes[id] as Node).scope, flops: 0 });
    saved.set(id, copy);
    return copy;
  };
  const outputs: Record<string, number> = {};
  for (const name in program.outputs) {
    const id = program.outputs[name] as number;
    const value = draft.value(id);
    outputs[name] = changing.has(value.base) || value.row_stride !== null ? save(id) : id;
  }
  const pending = updates.map(({ state, from }) =>
    changing.has(draft.value(from).base) ? { state, from: save(from) } : { state, from },
  );
  return { outputs, pending };
}
