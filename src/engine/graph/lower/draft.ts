import type { DType, MemoryKind, Node, NodeOf, Program } from '../ir.ts';
import { definitionOf } from '../ops/table.ts';
import { sameShape, sizeOf } from '../sizes.ts';
import type { KernelAttributes, KernelName } from './kernel-plan.ts';
import { scratchElements } from './scratch.ts';

/**
 * What lowering works on before places are known: values and calls over them. The first values are the
 * program's nodes, by id; lowering adds views of them and tensors of its own behind.
 */
export class Draft {
  readonly program: Program;
  readonly nodes: readonly Node[];
  readonly values: DraftValue[] = [];
  readonly calls: DraftCall[] = [];
  /** Bases that are kept as IEEE halves; half.ts fills it once all calls are there. */
  readonly halves = new Set<number>();
  /** By node: the node that holds the same numbers in the same order, perhaps in another shape; -1 for none. */
  readonly seen: Int32Array;
  /** By value: the states that it goes through one after the other, where it is more than one. */
  readonly stacks = new Map<number, readonly number[]>();
  readonly #views = new Map<string, number>();
  readonly #isView: Uint8Array;

  constructor(program: Program) {
    this.program = program;
    this.seen = new Int32Array(program.nodes.length);
    this.#isView = new Uint8Array(program.nodes.length);
    this.nodes = program.nodes;
    for (let id = 0; id < program.nodes.length; id++) {
      const { op, shape, dtype, inputs } = program.nodes[id] as Node;
      const kind = program.kinds[id] ?? 'activations';
      this.values.push({
        id,
        shape,
        dtype,
        kind,
        size: sizeOf(shape),
        base: id,
        offset: 0,
        row_stride: null,
      });
      const seen = seenThrough(program.nodes, op, inputs, shape);
      this.seen[id] = seen;
      if (seen >= 0) this.lookAt(id, seen, 0);
      else if (op === 'slice') {
        const offset = contiguousSlice(program.nodes, program.nodes[id] as NodeOf<'slice'>);
        if (offset !== null) this.lookAt(id, inputs[0] as number, offset);
      }
    }
  }

  /** Whether a node is only another look at what another one computes. */
  isView(node: number): boolean {
    return this.#isView[node] === 1;
  }

  /** Makes a node a look at what another one computes. */
  lookAt(node: number, of: number, offset: number, row_stride: number | null = null): void {
    this.look(node, of, offset, row_stride);
    this.#isView[node] = 1;
  }

  value(id: number): DraftValue {
    return this.values[id] as DraftValue;
  }

  isHalf(id: number): boolean {
    return this.halves.has(this.value(id).base);
  }

  /** Of one element in memory. */
  elementBytes(id: number): number {
    return this.isHalf(id) ? 2 : 4;
  }

  /** A tensor that no node of the program is. */
  make(shape: readonly number[], dtype: DType = 'f32', kind: MemoryKind = 'activations'): number {
    const id = this.values.length;
    this.values.push({ id, shape, dtype, kind, size: sizeOf(shape), base: id, offset: 0, row_stride: null });
    return id;
  }

  /** Another look at a value: `shape` from element `offset` of it on. */
  view(of: number, shape: readonly number[], offset = 0, row_stride: number | null = null): number {
    const source = this.value(of);
    if (offset === 0 && row_stride === null && sameShape(shape, source.shape)) return of;
    const key = `${of} ${offset} ${row_stride} ${shape}`;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const id = this.make(shape, source.dtype, source.kind);
    this.look(id, of, offset, row_stride);
    this.#views.set(key, id);
    return id;
  }

  /** States that lie one behind the other as one tensor. */
  stack(states: readonly number[], shape: readonly number[]): number {
    const id = this.view(states[0] as number, shape);
    this.stacks.set(id, states);
    return id;
  }

  /** Puts a value into the storage of another. */
  look(id: number, of: number, offset: number, row_stride: number | null = null): void {
    const value = this.value(id);
    const source = this.value(of);
    value.base = source.base;
    value.offset = source.offset + offset;
    value.row_stride = row_stride ?? (sameRows(value.shape, source.shape) ? source.row_stride : null);
  }

  /** All that has been in a value's storage is from now on in another's, `offset` elements from its start. */
  rebase(from: number, to: number, offset: number): void {
    const { base, offset: start } = this.value(to);
    for (const value of this.values) {
      if (value.base !== from) continue;
      value.base = base;
      value.offset += start + offset;
    }
  }

  /** Appends a call. Only `matmul` takes operands with gaps between their rows; for others they are copied first. */
  call<K extends KernelName>(
    kernel: K,
    operands: readonly number[],
    outputs: readonly (number | null)[],
    attributes: KernelAttributes[K],
    from: CallOrigin,
  ): void {
    const inputs = kernel === 'matmul' ? operands : operands.map((id) => this.#dense(id, from));
    const room = scratchElements({
      kernel,
      attributes,
      sizes: inputs.map((id) => this.value(id).size),
      wanted: outputs.map((id) => id !== null),
    });
    const scratch = room === 0 ? null : this.make([room]);
    this.calls.push({ kernel, inputs, outputs, attributes, scratch, ...from } as DraftCall);
  }

  #dense(id: number, { scope }: CallOrigin): number {
    const { row_stride, shape, dtype, kind, size } = this.value(id);
    if (row_stride === null) return id;
    const to = this.make(shape, dtype, kind);
    const width = shape[shape.length - 1] ?? 1;
    const attributes = {
      extent: [size / width, width],
      from_offset: 0,
      from_strides: [row_stride, 1],
      to_offset: 0,
      to_strides: [width, 1],
    };
    this.calls.push({
      kernel: 'copy',
      inputs: [id],
      outputs: [to],
      attributes,
      scratch: null,
      scope,
      flops: 0,
    });
    return to;
  }

  /** What a node's call is for, and its FLOPs. */
  origin(node: Node): CallOrigin {
    const inputs = new Array<Node>(node.inputs.length);
    for (let i = 0; i < inputs.length; i++) inputs[i] = this.nodes[node.inputs[i] as number] as Node;
    return { scope: node.scope, flops: definitionOf(node.op).flops(node as never, inputs) };
  }
}

export interface DraftValue {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly kind: MemoryKind;
  /** Elements. */
  readonly size: number;
  /** The value whose storage this is in; its own id where it has its own. */
  base: number;
  /** Elements from the start of that storage. */
  offset: number;
  row_stride: number | null;
}

export interface CallOrigin {
  readonly scope: string;
  readonly flops: number;
}

interface DraftCallOf<K extends KernelName> extends CallOrigin {
  readonly kernel: K;
  readonly inputs: readonly number[];
  readonly outputs: readonly (number | null)[];
  readonly attributes: KernelAttributes[K];
  readonly scratch: number | null;
}

export type DraftCall = { [K in KernelName]: DraftCallOf<K> }[KernelName];

/** `after` only orders, and in a plan the order is that of the calls; a product with 1 is what it multiplies. */
function seenThrough(
  nodes: readonly Node[],
  op: Node['op'],
  inputs: readonly number[],
  shape: readonly number[],
): number {
  if (op === 'reshape' || op === 'after') return inputs[0] as number;
  if (op !== 'mul') return -1;
  const [a = -1, b = -1] = inputs;
  if (isOne(nodes[a]) && sameShape((nodes[b] as Node).shape, shape)) return b;
  return isOne(nodes[b]) && sameShape((nodes[a] as Node).shape, shape) ? a : -1;
}

/** Where a slice starts in what it is cut from, if it is one piece of it that need not be copied; else null. */
function contiguousSlice(nodes: readonly Node[], node: NodeOf<'slice'>): number | null {
  const source = nodes[node.inputs[0] as number] as Node;
  const { begin } = node.attributes;
  let offset = 0;
  let stride = 1;
  let isCut = false; // an axis further in is not there as a whole
  for (let axis = node.shape.length - 1; axis >= 0; axis--) {
    const [size, whole] = [node.shape[axis] as number, source.shape[axis] as number];
    if (isCut && size !== 1) return null;
    if (size !== whole) isCut = true;
    offset += (begin[axis] as number) * stride;
    stride *= whole;
  }
  // A small piece would keep all of a tensor in memory that is not there anyway.
  const isHeld = source.op === 'state' || source.op === 'input';
  return isHeld || 2 * sizeOf(node.shape) >= stride ? offset : null;
}

function isOne(node: Node | undefined): boolean {
  return node?.op === 'constant' && node.attributes.value === 1;
}

/** Whether both have rows of one length, so that a gap between rows means the same for both. */
function sameRows(a: readonly number[], b: readonly number[]): boolean {
  return a[a.length - 1] === b[b.length - 1];
}
