import type { Node, NodeOf, OpName } from '../ir.ts';
import type { Draft } from './draft.ts';
import type { SlopeStep } from './expression.ts';
import type { Operand } from './operands.ts';
import { isInlined, resolveOperand } from './operands.ts';
import type { StepNode } from './steps.ts';
import { isStep } from './steps.ts';

/**
 * Which nodes become one call. A group of nodes is computed at one position, an id of a node: everything
 * that it reads is computed at lower positions, everything that reads it is at higher ones. Groups in the
 * order of their positions are therefore a valid order of calls, whatever has been fused.
 */
export interface Group {
  readonly index: number;
  position: number;
  /** Node ids. */
  members: number[];
  /** What it is besides a list of nodes; decides how it is emitted. */
  readonly emit: (group: Group) => void;
}

export const UNASSIGNED = -1;
/** A reader that comes after the run: what is read back, or the next value of a state. */
export const THE_END = Number.MAX_SAFE_INTEGER;

export class Fusion {
  readonly draft: Draft;
  readonly nodes: readonly Node[];
  readonly groups: Group[] = [];
  /** By node id. */
  readonly groupOf: Int32Array;
  /** By node id, of step nodes only. */
  readonly operands: (readonly Operand[])[];
  /** By node id: read where a step cannot make it itself, so that it has to be in memory. */
  readonly inMemory: Uint8Array;
  /** By base: nodes that read it, ascending; of nodes that are views or that steps make themselves, none. */
  readonly readers: readonly (readonly number[])[];
  /** By base: read after the run. */
  readonly kept: Uint8Array;
  /** By base: what is stored in its place, since nobody reads more of it; slopes.ts fills it at the end. */
  readonly slopes = new Map<number, SlopeStep>();
  /** By base of a state: the position at which a call writes its next value over it. */
  readonly overwritten = new Map<number, number>();
  readonly #plain: Operand[];
  readonly #byOp: Map<OpName, Node[]>;
  /** By node id; of nodes that read. */
  readonly #reads: (readonly number[])[];
  /** By node id: how many nodes before it take long enough to count. */
  readonly #heavy: Int32Array;

  constructor(draft: Draft) {
    const { nodes } = draft;
    this.draft = draft;
    this.nodes = nodes;
    this.groupOf = new Int32Array(nodes.length).fill(UNASSIGNED);
    this.operands = new Array(nodes.length);
    this.inMemory = new Uint8Array(nodes.length);
    this.kept = new Uint8Array(nodes.length);
    this.#reads = new Array(nodes.length);
    this.#heavy = new Int32Array(nodes.length + 1);
    this.#plain = new Array(nodes.length);
    this.readers = this.#findReaders();
    this.#byOp = new Map();
    for (let id = 0; id < nodes.length; id++) {
      const { op } = nodes[id] as Node;
      const list = this.#byOp.get(op);
      if (list === undefined) this.#byOp.set(op, [nodes[id] as Node]);
      else list.push(nodes[id] as Node);
      const light = draft.isView(id) || isInlined(op) || op === 'input' || op === 'state' || op === 'iota';
      this.#heavy[id + 1] = (this.#heavy[id] as number) + (light || isStep(nodes[id] as Node) ? 0 : 1);
    }
  }

  base(id: number): number {
    return this.draft.value(id).base;
  }

  /** The nodes of an op, in order. */
  nodesOf<K extends OpName>(op: K): readonly NodeOf<K>[] {
    return (this.#byOp.get(op) ?? []) as readonly Node[] as readonly NodeOf<K>[];
  }

  /** Claims nodes for one call at `position`. */
  group(position: number, members: readonly number[], emit: (group: Group) => void): Group {
    const group = { index: this.groups.length, position, members: [...members].sort((a, b) => a - b), emit };
    this.groups.push(group);
    for (const id of members) this.groupOf[id] = group.index;
    return group;
  }

  isFree(id: number): boolean {
    return this.groupOf[id] === UNASSIGNED;
  }

  /** Whether two values are the same numbers in the same place, perhaps in another shape. */
  areSame(a: number | undefined, b: number | undefined): boolean {
    if (a === undefined || b === undefined) return false;
    const [x, y] = [this.draft.value(a), this.draft.value(b)];
    return x.base === y.base && x.offset === y.offset && x.size === y.size && x.row_stride === y.row_stride;
  }

  /** The only node that reads what `id` computes, or null. */
  onlyReader(id: number): Node | null {
    const readers = this.readers[this.base(id)] as number[];
    return readers.length === 1 && this.kept[this.base(id)] === 0
      ? (this.nodes[readers[0] as number] as Node)
      : null;
  }

  /** The position of the last group or node that reads it. */
  lastPosition(id: number): number {
    const base = this.base(id);
    if (base >= this.kept.length || this.kept[base] === 1) return THE_END;
    let last = -1;
    for (const reader of this.readers[base] as readonly number[])
      last = Math.max(last, this.positionOf(reader));
    return last;
  }

  positionOf(id: number): number {
    const group = this.groupOf[id] as number;
    return group === UNASSIGNED ? id : (this.groups[group] as Group).position;
  }

  /**
   * Whether what `members` compute may be computed at `position`: those who read it come later, and what
   * they read themselves has not been written over by then.
   */
  mayBeAt(members: readonly number[], position: number, besides: readonly number[] = []): boolean {
    for (const id of members) {
      for (const reader of this.readers[id] as readonly number[]) {
        if (members.includes(reader) || besides.includes(reader)) continue;
        if (this.positionOf(reader) <= position) return false;
      }
      if (this.overwritten.size === 0) continue;
      for (const base of this.#reads[id] ?? []) {
        const written = this.overwritten.get(base);
        if (written !== undefined && written <= position) return false;
      }
    }
    return true;
  }

  /** Whether the tensor is there at `position`. */
  isThereAt(id: number, position: number): boolean {
    const node = this.nodes[this.base(id)] as Node;
    if (node.op === 'input' || node.op === 'state') return true;
    return this.positionOf(node.id) < position;
  }

  /** Whether a call that takes long lies strictly between two positions. */
  heavyBetween(from: number, to: number): boolean {
    return (this.#heavy[to] as number) - (this.#heavy[from + 1] as number) > 0;
  }

  /** The bases that a node reads, each once. */
  reads(id: number): readonly number[] {
    return this.#reads[id] as readonly number[];
  }

  #basesOf(node: Node): readonly number[] {
    const operands = this.operands[node.id];
    const count = operands === undefined ? node.inputs.length : operands.length;
    const found = new Array<number>(count);
    let size = 0;
    for (let i = 0; i < count; i++) {
      const operand = operands?.[i];
      if (operand?.from === 'constant') continue;
      const id =
        operand === undefined
          ? node.inputs[i]
          : operand.from === 'value'
            ? operand.id
            : operand.node.inputs[0];
      const base = this.base(id as number);
      // Longer lists are those of sums over parameters, each of which is another.
      let isNew = true;
      if (count <= 16) for (let j = 0; j < size; j++) if (found[j] === base) isNew = false;
      if (isNew) found[size++] = base;
    }
    if (size < count) found.length = size;
    return found;
  }

  /** Returns the readers of each base; arrays of the very size, since there are thousands. */
  #findReaders(): (readonly number[])[] {
    const { draft, nodes } = this;
    const { program } = draft;
    const keep = (id: number): void => {
      this.kept[this.base(id)] = 1;
      this.inMemory[this.base(id)] = 1;
    };
    for (const name in program.outputs) keep(program.outputs[name] as number);
    for (const name in program.updates) keep(program.updates[name] as number);
    const counts = new Int32Array(nodes.length);
    // From the end on, so that a repetition that turns out to be needed in memory reads its source.
    for (let id = nodes.length - 1; id >= 0; id--) {
      const node = nodes[id] as Node;
      if (draft.isView(id) || node.inputs.length === 0) continue;
      if (node.op === 'cross_entropy_grad') {
        const dloss = resolveOperand(draft, node.inputs[2] as number, node.shape.slice(0, 1));
        // One number for all rows need not be repeated in memory.
        if (dloss.from === 'value') this.operands[id] = [...node.inputs.slice(0, 2).map(asIs), dloss];
      } else if (isPlainStep(node)) {
        const operands = new Array<Operand>(node.inputs.length);
        for (let i = 0; i < operands.length; i++) {
          operands[i] = this.#operand(node.inputs[i] as number, node);
        }
        this.operands[id] = operands;
      } else if (isInlined(node.op) && this.inMemory[id] === 0) continue;
      const bases = this.#basesOf(node);
      this.#reads[id] = bases;
      for (let i = 0; i < bases.length; i++) {
        const base = bases[i] as number;
        this.inMemory[base] = 1;
        counts[base] = (counts[base] as number) + 1;
      }
    }
    const readers = new Array<number[]>(nodes.length);
    for (let id = 0; id < readers.length; id++) {
      const count = counts[id] as number;
      readers[id] = count === 0 ? NOBODY : new Array<number>(count);
    }
    for (let id = nodes.length - 1; id >= 0; id--) {
      const bases = this.#reads[id];
      if (bases === undefined) continue;
      for (let i = 0; i < bases.length; i++) {
        const base = bases[i] as number;
        const at = (counts[base] as number) - 1;
        counts[base] = at;
        (readers[base] as number[])[at] = id;
      }
    }
    return readers;
  }

  /** Most operands are values as they are: one object for each of them. */
  #operand(id: number, node: Node): Operand {
    if ((this.draft.seen[id] as number) >= 0 || isInlined((this.nodes[id] as Node).op)) {
      return resolveOperand(this.draft, id, node.shape);
    }
    const known = this.#plain[id];
    if (known !== undefined) return known;
    const operand = asIs(id);
    this.#plain[id] = operand;
    return operand;
  }
}

const NOBODY: number[] = [];

function asIs(id: number): Operand {
  return { from: 'value', id };
}

export function isPlainStep(node: Node): node is StepNode {
  return isStep(node) && node.op !== 'dropout_mask';
}
