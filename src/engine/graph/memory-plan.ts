import { Arena, aligned } from './arena.ts';
import type { MemoryKind, Node, Program, StateSpec } from './ir.ts';
import { STATE_KIND } from './ir.ts';
import { definitionOf } from './ops/table.ts';
import { sizeOf } from './sizes.ts';

/**
 * Where each tensor of a program lives, found from when it is last used. What this says is what a
 * device with an arena of its own allocates; pre-flight shows the same numbers.
 */
export interface MemoryPlan {
  /** By node id; nodes that share storage (reshape, in-place results) have the same place. */
  readonly places: readonly Place[];
  readonly arena_bytes: number;
  /**
   * The arena by purpose: the most that gradients, logits and the like ever take at once, and as
   * activations what it needs beyond that. The parts add up to `arena_bytes`.
   */
  readonly arena: MemoryBytes;
  /** The same, with the state that the program touches. */
  readonly bytes: MemoryBytes;
}

export type Place =
  | { readonly in: 'state'; readonly name: string }
  /** Bytes, a multiple of 256. */
  | { readonly in: 'arena'; readonly offset: number };

export type MemoryBytes = Readonly<Record<MemoryKind, number>> & { readonly total: number };

export const KINDS: readonly MemoryKind[] = ['weights', 'gradients', 'optimizer', 'activations', 'logits'];
const ACTIVATIONS = KINDS.indexOf('activations');
const BYTES_PER_ELEMENT = 4;

interface Storage {
  readonly place: Place;
  /** 0 for state, which the arena does not hold. */
  readonly size: number;
  /** Id of the last node that reads it. */
  last: number;
  kind: number;
}

export function planMemory(program: Program): MemoryPlan {
  const { nodes } = program;
  const end = nodes.length;
  const last = lastUses(program);
  const updated = updatesInPlace(program);
  const storages = new Array<Storage>(end);
  const arena = new Arena();
  const live = [0, 0, 0, 0, 0];
  const most = [0, 0, 0, 0, 0];
  const stateBytes = [0, 0, 0, 0, 0];
  const count = (kind: number, size: number): void => {
    const now = (live[kind] as number) + size;
    live[kind] = now;
    if (now > (most[kind] as number)) most[kind] = now;
  };
  const take = (node: Node, kind: number): Storage => {
    const size = aligned(byteLength(node));
    count(kind, size);
    return { place: { in: 'arena', offset: arena.take(size) }, size, last: last[node.id] as number, kind };
  };
  const give = (storage: Storage): void => {
    if (storage.place.in !== 'arena') return;
    arena.give(storage.place.offset, storage.size);
    count(storage.kind, -storage.size);
    storage.last = -2; // given back
  };

  // What is fed is there before the first node runs.
  for (const name in program.inputs) {
    const id = program.inputs[name] as number;
    storages[id] = take(nodes[id] as Node, kindOf(program, id));
  }
  for (const node of nodes) {
    const { id } = node;
    if (node.op === 'input') continue;
    const kind = kindOf(program, id);
    if (node.op === 'state') {
      storages[id] = { place: { in: 'state', name: node.attributes.name }, size: 0, last: end, kind };
      stateBytes[kind] = (stateBytes[kind] as number) + byteLength(node);
      continue;
    }
    const state = updated.get(id);
    if (node.op === 'reshape') {
      // Uses of the view were counted as uses of what it looks at.
      storages[id] = storages[node.inputs[0] as number] as Storage;
    } else if (state !== undefined && mayOverwrite(node, state, nodes, last)) {
      storages[id] = { place: (storages[state] as Storage).place, size: 0, last: end, kind };
    } else {
      const reused = inPlaceInput(node, nodes, storages);
      if (reused === null) {
        storages[id] = take(node, kind);
      } else {
        count(reused.kind, -reused.size);
        count(kind, reused.size);
        reused.kind = kind;
        reused.last = last[id] as number;
        storages[id] = reused;
      }
    }
    for (const input of node.inputs) {
      const storage = storages[input] as Storage;
      if (storage.last === id) give(storage);
    }
    const own = storages[id] as Storage;
    if (own.last === -1) give(own);
  }

  const held = bytesByKind(divided(most, arena.bytes));
  return {
    places: storages.map((storage) => storage.place),
    arena_bytes: arena.bytes,
    arena: held,
    bytes: addBytes(held, bytesByKind(stateBytes)),
  };
}

/** What a session holds in all: its state, and one arena that is large enough for each of its programs. */
export function sessionBytes(state: readonly StateSpec[], plans: readonly MemoryPlan[]): MemoryBytes {
  const held = [0, 0, 0, 0, 0];
  for (const spec of state) {
    const kind = KINDS.indexOf(STATE_KIND[spec.kind]);
    held[kind] = (held[kind] as number) + BYTES_PER_ELEMENT * sizeOf(spec.shape);
  }
  const largest = plans.reduce<MemoryBytes>(
    (most, plan) => (plan.arena.total > most.total ? plan.arena : most),
    bytesByKind([0, 0, 0, 0, 0]),
  );
  return addBytes(bytesByKind(held), largest);
}

/** `most` by kind, as far as the arena reaches; activations are the rest of it. */
export function divided(most: readonly number[], arena: number): number[] {
  let rest = arena;
  const shares = most.map((bytes, kind) => {
    if (kind === ACTIVATIONS) return 0;
    const share = Math.min(bytes, rest);
    rest -= share;
    return share;
  });
  shares[ACTIVATIONS] = rest;
  return shares;
}

/** In the order of KINDS. */
export function bytesByKind(sizes: readonly number[]): MemoryBytes {
  const [weights = 0, gradients = 0, optimizer = 0, activations = 0, logits = 0] = sizes;
  const total = weights + gradients + optimizer + activations + logits;
  return { weights, gradients, optimizer, activations, logits, total };
}

export function addBytes(a: MemoryBytes, b: MemoryBytes): MemoryBytes {
  return bytesByKind(KINDS.map((kind) => a[kind] + b[kind]));
}

export function byteLength(node: Node): number {
  let count = BYTES_PER_ELEMENT;
  for (const size of node.shape) count *= size;
  return count;
}

function kindOf(program: Program, id: number): number {
  return KINDS.indexOf(program.kinds[id] ?? 'activations');
}

/** By node id: the last node that reads it, views followed; `nodes.length` for what outlives the run, -1 for never. */
function lastUses(program: Program): Int32Array {
  const { nodes } = program;
  const last = new Int32Array(nodes.length).fill(-1);
  for (const name in program.outputs) last[program.outputs[name] as number] = nodes.length;
  for (const name in program.updates) last[program.updates[name] as number] = nodes.length;
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id] as Node;
    const reach = node.op === 'reshape' ? Math.max(last[id] as number, id) : id;
    for (const input of node.inputs) {
      if ((last[input] as number) < reach) last[input] = reach;
    }
  }
  return last;
}

/** Node id of a state's next value -> node id of the state, where only that state takes the value. */
function updatesInPlace(program: Program): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const several = new Set<number>();
  for (const name in program.updates) {
    const id = program.updates[name] as number;
    const state = program.state[name];
    if (found.has(id)) several.add(id);
    else if (state !== undefined) found.set(id, state);
  }
  for (const id of several) found.delete(id);
  return found;
}

/** Whether nobody needs the state's old value once `node` has run. */
function mayOverwrite(node: Node, state: number, nodes: readonly Node[], last: Int32Array): boolean {
  const lastRead = last[state] as number;
  if (lastRead > node.id) return false;
  if (lastRead < node.id) return true;
  const safe = definitionOf(node.op).inPlace;
  return node.inputs.every(
    (input, i) => viewed(nodes, input) !== state || (safe.includes(i) && input === state),
  );
}

function viewed(nodes: readonly Node[], id: number): number {
  let node = nodes[id] as Node;
  while (node.op === 'reshape') node = nodes[node.inputs[0] as number] as Node;
  return node.id;
}

/** An input that nobody reads after `node`, of its size, which `node` may write over. */
function inPlaceInput(node: Node, nodes: readonly Node[], storages: readonly Storage[]): Storage | null {
  const { inputs } = node;
  const bytes = byteLength(node);
  for (const position of definitionOf(node.op).inPlace) {
    const id = inputs[position];
    if (id === undefined) break;
    const storage = storages[id] as Storage;
    if (storage.place.in !== 'arena' || storage.last !== node.id) continue;
    const source = nodes[id] as Node;
    if (source.dtype !== node.dtype || byteLength(source) !== bytes) continue;
    // Another input in the same storage must be the very same tensor, read element by element too.
    const safe = definitionOf(node.op).inPlace;
    if (inputs.every((other, i) => storages[other] !== storage || (other === id && safe.includes(i)))) {
      return storage;
    }
  }
  return null;
}
