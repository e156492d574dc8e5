import type { NodeOf } from '../ir.ts';
import { sameShape, sizeOf } from '../sizes.ts';
import type { Fusion, Group } from './fusion.ts';
import { productShape } from './matmul.ts';
import type { Operand } from './operands.ts';
import type { StepNode } from './steps.ts';

/** Tensors that one call touches, results included: so many storage buffers every WebGPU adapter binds. */
const MOST_TENSORS = 8;

/** Elementwise steps over one shape, perhaps over the product of a matrix multiplication. */
export class Cluster {
  readonly fusion: Fusion;
  readonly group: Group;
  readonly shape: readonly number[];
  readonly matmul: NodeOf<'matmul'> | null;
  /** Sums over an operand of the product that come with it: a reduce_sum's node. */
  readonly sums: { readonly of: 'a' | 'b'; readonly node: number } | null;
  /** Step nodes, ascending. */
  steps: number[] = [];

  constructor(
    fusion: Fusion,
    position: number,
    start: StepNode | NodeOf<'matmul'>,
    emit: (cluster: Cluster) => void,
    sums: { readonly of: 'a' | 'b'; readonly node: number } | null = null,
  ) {
    this.fusion = fusion;
    this.matmul = start.op === 'matmul' ? start : null;
    this.sums = sums;
    this.shape = start.op === 'matmul' ? productShape(fusion.draft, start) : start.shape;
    if (start.op !== 'matmul') this.steps.push(start.id);
    const members = sums === null ? [start.id] : [start.id, sums.node];
    this.group = fusion.group(position, members, () => emit(this));
  }

  /** What steps may read without going through memory. */
  get values(): readonly number[] {
    return this.matmul === null ? this.steps : [this.matmul.id, ...this.steps];
  }

  /** Whether `id` is all of what this computes at one of its nodes. */
  makes(id: number): boolean {
    const { base, offset, size, row_stride } = this.fusion.draft.value(id);
    return (
      offset === 0 &&
      row_stride === null &&
      base < this.fusion.nodes.length &&
      this.fusion.groupOf[base] === this.group.index &&
      base !== this.sums?.node &&
      size === this.fusion.draft.value(base).size
    );
  }

  /**
   * Whether a step over `shape` that reads `operands` could be computed over this shape instead: what is
   * broadcast is one number or one row, unless the shapes are the same. Epilogues know nothing else.
   */
  fits(shape: readonly number[], operands: readonly Operand[]): boolean {
    const size = sizeOf(this.shape);
    if (sizeOf(shape) !== size) return false;
    if (this.matmul === null && sameShape(shape, this.shape)) return true;
    const width = this.shape[this.shape.length - 1];
    const isVector = (operand: readonly number[], of: number): boolean =>
      sizeOf(operand) === of && operand[operand.length - 1] === of;
    return operands.every((operand) => {
      if (operand.from !== 'value') return true;
      const { shape: own, size: count } = this.fusion.draft.value(operand.id);
      if (count === size || count === 1) return true;
      return width !== undefined && shape[shape.length - 1] === width && isVector(own, width);
    });
  }

  /** Whether the call would still touch few enough tensors with further steps. */
  hasRoom(further: readonly number[]): boolean {
    const steps = [...this.steps, ...further];
    const values = this.matmul === null ? steps : [this.matmul.id, ...steps];
    let count = this.matmul === null ? 0 : 2;
    if (this.sums !== null) count++;
    const seen = new Set<number>();
    for (const step of steps) {
      for (const base of this.fusion.reads(step)) {
        if (values.includes(base) || seen.has(base)) continue;
        seen.add(base);
        count++;
      }
    }
    for (const id of values) if (this.isStored(id, values)) count++;
    return count <= MOST_TENSORS;
  }

  isStored(id: number, members: readonly number[] = this.values): boolean {
    const { fusion } = this;
    if (fusion.kept[id] === 1) return true;
    return (fusion.readers[id] as readonly number[]).some((reader) => !members.includes(reader));
  }

  /** Takes step nodes in; whoever calls has seen to it that this is right. */
  take(steps: readonly number[], position: number): void {
    const { group, fusion } = this;
    const last = this.steps[this.steps.length - 1] ?? -1;
    this.steps = [...this.steps, ...steps];
    if ((steps[0] ?? 0) < last) this.steps.sort((a, b) => a - b);
    group.members = [...group.members, ...steps];
    group.position = position;
    for (const id of steps) fusion.groupOf[id] = group.index;
  }
}
