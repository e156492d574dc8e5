import type { MemoryKind, Node, OpName, Program } from './ir.ts';
import { OP_NAMES } from './ops/table.ts';

/**
 * Removes what nothing reads, computes equal things once, and drops steps that change nothing. The
 * results are the same bit for bit: no rule here reorders arithmetic.
 */
export function simplify(program: Program): Program {
  const live = liveNodes(program.nodes, roots(program));
  const merged = new Merger(program);
  for (const node of program.nodes) if (live[node.id] === 1) merged.visit(node);
  return compact(program, merged);
}

const OP_NUMBER: Readonly<Record<string, number>> = Object.fromEntries(OP_NAMES.map((op, i) => [op, i + 1]));
/** Named from outside: two of them are never the same. */
const SOURCES: ReadonlySet<OpName> = new Set(['input', 'state']);

class Merger {
  readonly nodes: Node[] = [];
  readonly kinds: MemoryKind[] = [];
  /** Old id -> new id. */
  readonly map: Int32Array;
  readonly #program: Program;
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #updates: ReadonlySet<number>;

  constructor(program: Program) {
    this.#updates = new Set(Object.values(program.updates));
    this.#program = program;
    this.map = new Int32Array(program.nodes.length);
    let size = 64;
    while (size < program.nodes.length * 2) size *= 2;
    this.#table = new Int32Array(size); // new id + 1; 0 is empty
    this.#mask = size - 1;
  }

  visit(node: Node): void {
    const old = node.inputs;
    const inputs = new Array<number>(old.length);
    for (let i = 0; i < old.length; i++) inputs[i] = this.map[old[i] as number] as number;
    this.map[node.id] = this.#shortcut(node, inputs) ?? this.#findOrAdd(node, inputs);
  }

  /** A node that is already there and means the same. */
  #shortcut(node: Node, inputs: number[]): number | null {
    const id = inputs[0];
    if (id === undefined) return null;
    let source = this.nodes[id] as Node;
    switch (node.op) {
      case 'reshape':
        // A view of a view looks at the first.
        if (source.op === 'reshape') {
          inputs[0] = source.inputs[0] as number;
          source = this.nodes[inputs[0]] as Node;
        }
        return sameShape(source.shape, node.shape) ? source.id : null;
      case 'broadcast_to':
      case 'slice':
        return sameShape(source.shape, node.shape) ? id : null;
      case 'transpose': {
        const { permutation } = node.attributes;
        if (permutation.every((axis, i) => axis === i)) return id;
        if (source.op !== 'transpose') return null;
        const before = source.attributes.permutation;
        return permutation.every((axis, i) => before[axis] === i) ? (source.inputs[0] as number) : null;
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

  #findOrAdd(node: Node, inputs: number[]): number {
    // A constant that a state becomes is written straight into the state: merged, it would need room of its own.
    const stands = node.op === 'constant' && this.#updates.has(node.id);
    if (stands || SOURCES.has(node.op)) return this.#append(node, inputs);
    let hash = OP_NUMBER[node.op] ?? 0;
    for (const input of inputs) hash = Math.imul(hash ^ input, 0x9e3779b1) ^ (hash >>> 15);
    hash = hashAttributes(node.attributes as Attributes, hash);
    let at = (hash ^ (hash >>> 13)) & this.#mask;
    for (;;) {
      const entry = this.#table[at] as number;
      if (entry === 0) break;
      const other = this.nodes[entry - 1] as Node;
      if (same(node, inputs, other)) return other.id;
      at = (at + 1) & this.#mask;
    }
    const id = this.#append(node, inputs);
    this.#table[at] = id + 1;
    return id;
  }

  #append(node: Node, inputs: readonly number[]): number {
    const id = this.nodes.length;
    this.nodes.push(withInputs(node, id, inputs));
    this.kinds.push(this.#program.kinds[node.id] ?? 'activations');
    return id;
  }
}

/** Merging leaves nodes behind that a shortcut made useless: they go, and ids close up. */
function compact(program: Program, merged: Merger): Program {
  const rootIds = roots(program).map((id) => merged.map[id] as number);
  const live = liveNodes(merged.nodes, rootIds);
  const nodes: Node[] = [];
  const kinds: MemoryKind[] = [];
  const map = new Int32Array(merged.nodes.length).fill(-1);
  const whole = live.every((flag) => flag === 1);
  for (const node of merged.nodes) {
    if (live[node.id] !== 1) continue;
    const id = nodes.length;
    map[node.id] = id;
    nodes.push(
      whole
        ? node
        : withInputs(
            node,
            id,
            node.inputs.map((input) => map[input] as number),
          ),
    );
    kinds.push(merged.kinds[node.id] as MemoryKind);
  }
  const rename = (ids: Readonly<Record<string, number>>): Readonly<Record<string, number>> => {
    const renamed: Record<string, number> = {};
    for (const [name, id] of Object.entries(ids)) {
      const to = map[merged.map[id] as number] as number;
      // Inputs and states that nothing reads are gone; `map` says 0 for nodes never visited.
      if (to >= 0 && isNamed(nodes[to], name, ids)) renamed[name] = to;
    }
    return renamed;
  };
  const isNamed = (node: Node | undefined, name: string, ids: Readonly<Record<string, number>>): boolean => {
    if (ids !== program.inputs && ids !== program.state) return true;
    return (node?.op === 'input' || node?.op === 'state') && node.attributes.name === name;
  };
  return {
    name: program.name,
    nodes,
    kinds,
    inputs: rename(program.inputs),
    state: rename(program.state),
    updates: rename(program.updates),
    outputs: rename(program.outputs),
  };
}

function roots(program: Program): number[] {
  const ids = [...Object.values(program.outputs), ...Object.values(program.updates)];
  // A state that is updated stays, read or not: its update needs a place to go.
  for (const name of Object.keys(program.updates)) {
    const id = program.state[name];
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

function liveNodes(nodes: readonly Node[], from: readonly number[]): Uint8Array {
  const live = new Uint8Array(nodes.length);
  for (const id of from) live[id] = 1;
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (live[id] === 0) continue;
    const { inputs } = nodes[id] as Node;
    for (let i = 0; i < inputs.length; i++) live[inputs[i] as number] = 1;
  }
  return live;
}

function withInputs(node: Node, id: number, inputs: readonly number[]): Node {
  return {
    id,
    op: node.op,
    inputs,
    attributes: node.attributes,
    shape: node.shape,
    dims: node.dims,
    dtype: node.dtype,
    scope: node.scope,
  } as Node;
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

function same(node: Node, inputs: readonly number[], other: Node): boolean {
  if (node.op !== other.op || node.dtype !== other.dtype || inputs.length !== other.inputs.length)
    return false;
  for (let i = 0; i < inputs.length; i++) if (inputs[i] !== other.inputs[i]) return false;
  return (
    sameShape(node.shape, other.shape) &&
    sameAttributes(node.attributes as Attributes, other.attributes as Attributes)
  );
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

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
