import type { MemoryKind, Node, NodeOf, Program } from './ir.ts';
import { OP_NAMES } from './ops/table.ts';
import { sameShape } from './sizes.ts';

/**
 * Removes what nothing reads, computes equal things once, and drops steps that change nothing. The
 * results are the same bit for bit: no rule here reorders arithmetic.
 */
export function simplify(program: Program): Program {
  const ends = endsOf(program);
  const merged = new Merger(program, liveNodes(program.nodes, null, ends));
  return compact(program, merged, ends);
}

const OP_NUMBER: Readonly<Record<string, number>> = Object.fromEntries(OP_NAMES.map((op, i) => [op, i + 1]));

/** Finds for each node the first one that computes the same. Ids stay those of the program. */
class Merger {
  /** By id: the node to take instead, itself where there is none before it. */
  readonly instead: Int32Array;
  /** By id: the inputs, each replaced by what is taken instead of it. */
  readonly inputs: (readonly number[])[];
  readonly #nodes: readonly Node[];
  /** Open addressing; id + 1, 0 is empty. */
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #updates: ReadonlySet<number>;

  constructor(program: Program, live: Uint8Array) {
    const { nodes } = program;
    this.#nodes = nodes;
    this.#updates = constantUpdates(program);
    this.instead = new Int32Array(nodes.length);
    this.inputs = new Array(nodes.length);
    let size = 64;
    while (size < nodes.length * 2) size *= 2;
    this.#table = new Int32Array(size);
    this.#mask = size - 1;
    for (const node of nodes) if (live[node.id] === 1) this.instead[node.id] = this.#visit(node);
  }

  #visit(node: Node): number {
    const inputs = this.#replaced(node.inputs);
    this.inputs[node.id] = inputs;
    return this.#shortcut(node, inputs) ?? this.#find(node);
  }

  #replaced(inputs: readonly number[]): readonly number[] {
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i] as number;
      if (this.instead[input] !== input) return inputs.map((id) => this.instead[id] as number);
    }
    return inputs;
  }

  /** A node that is already there and means the same. */
  #shortcut(node: Node, inputs: readonly number[]): number | null {
    const id = inputs[0];
    if (id === undefined) return null;
    let source = this.#nodes[id] as Node;
    switch (node.op) {
      case 'reshape':
        // A view of a view looks at the first.
        if (source.op === 'reshape') {
          this.inputs[node.id] = this.inputs[id] as readonly number[];
          source = this.#nodes[(this.inputs[id] as readonly number[])[0] as number] as Node;
        }
        return sameShape(source.shape, node.shape) ? source.id : null;
      case 'broadcast_to':
        return sameShape(source.shape, node.shape) ? id : null;
      case 'slice':
        if (sameShape(source.shape, node.shape)) return id;
        return source.op === 'concat' ? this.#joinedPart(source, node) : null;
      case 'transpose': {
        const { permutation } = node.attributes;
        if (permutation.every((axis, i) => axis === i)) return id;
        if (source.op !== 'transpose') return null;
        const before = source.attributes.permutation;
        if (!permutation.every((axis, i) => before[axis] === i)) return null;
        return (this.inputs[id] as readonly number[])[0] as number;
      }
      case 'affine':
        return node.attributes.factor === 1 && node.attributes.offset === 0 ? id : null;
      case 'add_n':
      case 'concat':
        return inputs.length === 1 ? id : null;
      default:
        return null;
    }
  }

  /** The input of a concat that a slice of it takes whole. */
  #joinedPart(joined: NodeOf<'concat'>, part: NodeOf<'slice'>): number | null {
    const { axis } = joined.attributes;
    let position = 0;
    for (const id of this.inputs[joined.id] as readonly number[]) {
      if (part.attributes.begin[axis] === position) {
        return sameShape((this.#nodes[id] as Node).shape, part.shape) ? id : null;
      }
      position += (this.#nodes[id] as Node).shape[axis] ?? 0;
    }
    return null;
  }

  #find(node: Node): number {
    // Named from outside: two of them are never the same.
    if (node.op === 'input' || node.op === 'state') return node.id;
    // A constant that a state becomes is written straight into the state: merged, it would need room of its own.
    if (node.op === 'constant' && this.#updates.has(node.id)) return node.id;
    const inputs = this.inputs[node.id] as readonly number[];
    let hash = OP_NUMBER[node.op] ?? 0;
    for (let i = 0; i < inputs.length; i++) {
      hash = Math.imul(hash ^ (inputs[i] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = hashAttributes(node.attributes as Attributes, hash);
    let at = (hash ^ (hash >>> 13)) & this.#mask;
    for (;;) {
      const entry = this.#table[at] as number;
      if (entry === 0) break;
      const other = this.#nodes[entry - 1] as Node;
      if (this.#same(node, inputs, other)) return other.id;
      at = (at + 1) & this.#mask;
    }
    this.#table[at] = node.id + 1;
    return node.id;
  }

  #same(node: Node, inputs: readonly number[], other: Node): boolean {
    const others = this.inputs[other.id] as readonly number[];
    return (
      node.op === other.op &&
      node.dtype === other.dtype &&
      sameShape(inputs, others) &&
      sameShape(node.shape, other.shape) &&
      sameAttributes(node.attributes as Attributes, other.attributes as Attributes)
    );
  }
}

/** The program of the nodes that are left, numbered anew. */
function compact(program: Program, merged: Merger, ends: readonly number[]): Program {
  const { instead } = merged;
  const live = liveNodes(
    program.nodes,
    merged.inputs,
    ends.map((id) => instead[id] as number),
  );
  const nodes: Node[] = [];
  const kinds: MemoryKind[] = [];
  const number = new Int32Array(program.nodes.length).fill(-1);
  for (const node of program.nodes) {
    if (live[node.id] === 0) continue;
    const before = merged.inputs[node.id] as readonly number[];
    const inputs = new Array<number>(before.length);
    for (let i = 0; i < before.length; i++) inputs[i] = number[before[i] as number] as number;
    number[node.id] = nodes.length;
    kinds.push(program.kinds[node.id] ?? 'activations');
    // The union of all nodes cannot be copied field by field in a way that the type system follows.
    nodes.push({
      id: nodes.length,
      op: node.op,
      inputs,
      attributes: node.attributes,
      shape: node.shape,
      dims: node.dims,
      dtype: node.dtype,
      scope: node.scope,
    } as Node);
  }
  const rename = (ids: Readonly<Record<string, number>>): Readonly<Record<string, number>> => {
    const renamed: Record<string, number> = {};
    for (const name in ids) {
      const id = number[instead[ids[name] as number] as number] as number;
      if (id >= 0) renamed[name] = id;
    }
    return renamed;
  };
  // Inputs and states that nothing reads were never visited: `instead` knows nothing of them.
  const renameLive = (ids: Readonly<Record<string, number>>): Readonly<Record<string, number>> => {
    const renamed: Record<string, number> = {};
    for (const name in ids) {
      const id = number[ids[name] as number] as number;
      if (id >= 0) renamed[name] = id;
    }
    return renamed;
  };
  return {
    name: program.name,
    nodes,
    kinds,
    inputs: renameLive(program.inputs),
    state: renameLive(program.state),
    updates: rename(program.updates),
    outputs: rename(program.outputs),
    dtype: program.dtype,
  };
}

/** What a run is for. A state that is updated counts, read or not: its update needs a place to go. */
function endsOf(program: Program): readonly number[] {
  const ids: number[] = [];
  for (const name in program.outputs) ids.push(program.outputs[name] as number);
  for (const name in program.updates) {
    ids.push(program.updates[name] as number);
    const state = program.state[name];
    if (state !== undefined) ids.push(state);
  }
  return ids;
}

function constantUpdates(program: Program): ReadonlySet<number> {
  const found = new Set<number>();
  for (const name in program.updates) {
    const id = program.updates[name] as number;
    if (program.nodes[id]?.op === 'constant') found.add(id);
  }
  return found;
}

/** 1 for what `ends` are computed from; `inputs` by id stand in for the nodes' own. */
function liveNodes(
  nodes: readonly Node[],
  inputs: readonly (readonly number[])[] | null,
  ends: readonly number[],
): Uint8Array {
  const live = new Uint8Array(nodes.length);
  for (const id of ends) live[id] = 1;
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (live[id] === 0) continue;
    const sources = inputs === null ? (nodes[id] as Node).inputs : (inputs[id] as readonly number[]);
    for (let i = 0; i < sources.length; i++) live[sources[i] as number] = 1;
  }
  return live;
}

type Attributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

function hashAttributes(attributes: Attributes, seed: number): number {
  let hash = seed;
  for (const key in attributes) {
    const value = attributes[key];
    if (typeof value === 'number') hash = Math.imul(hash ^ (value * 1e6), 0x85ebca6b) ^ (hash >>> 13);
    else if (value === true) hash = Math.imul(hash ^ 1, 0x85ebca6b) ^ (hash >>> 13);
    else if (typeof value === 'object') {
      for (const item of value) hash = Math.imul(hash ^ (item + 7), 0x85ebca6b) ^ (hash >>> 13);
    }
  }
  return hash;
}

function sameAttributes(a: Attributes, b: Attributes): boolean {
  if (a === b) return true;
  for (const key in a) {
    const x = a[key];
    const y = b[key];
    if (typeof x === 'object' && typeof y === 'object') {
      if (!sameShape(x, y)) return false;
    } else if (!Object.is(x, y)) return false;
  }
  return true;
}
