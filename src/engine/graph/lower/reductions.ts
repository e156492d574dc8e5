import type { NodeOf } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import { emitWholeCopy } from './copies.ts';
import type { Draft } from './draft.ts';

type Reduction = NodeOf<'reduce_sum'> | NodeOf<'reduce_max'>;

/** One call for each run of neighbouring axes, the last run first. */
export function emitReduction(draft: Draft, node: Reduction): void {
  const from = node.inputs[0] as number;
  const origin = draft.origin(node);
  const runs = reducedRuns(draft.value(from).shape, node.attributes.axes);
  if (runs.length === 0) {
    emitWholeCopy(draft, from, node.id, origin);
    return;
  }
  let shape = draft.value(from).shape;
  let source = from;
  for (let i = runs.length - 1; i >= 0; i--) {
    const { first, end } = runs[i] as Run;
    const outer = sizeOf(shape.slice(0, first));
    const inner = sizeOf(shape.slice(end));
    const size = sizeOf(shape.slice(first, end));
    shape = [...shape.slice(0, first), ...shape.slice(end)];
    const to = i === 0 ? node.id : draft.make(shape);
    const flops = i === runs.length - 1 ? origin.flops : 0;
    draft.call(node.op, [source], [to], { outer, size, inner }, { scope: origin.scope, flops });
    source = to;
  }
}

interface Run {
  readonly first: number;
  readonly end: number;
}

/** Axes of 1 neither part two runs nor make one. */
function reducedRuns(shape: readonly number[], axes: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  let open: { first: number; end: number } | null = null;
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    if (!axes.includes(axis)) open = null;
    else if (open === null) {
      open = { first: axis, end: axis + 1 };
      runs.push(open);
    } else open.end = axis + 1;
  }
  return runs;
}
