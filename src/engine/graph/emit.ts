import type { Dim } from './dim.ts';
import type { DType, Empty, Node, UnaryOp } from './ir.ts';
import type { Graph } from './ops/definition.ts';

/** Short ways to add the nodes that models, gradients and optimizers use most. */

export const NONE: Empty = Object.freeze({});

type Plain = UnaryOp | 'sum_squares' | 'softmax';

export function unary(g: Graph, op: Plain, x: Node): Node {
  return g.node(op, [x], NONE);
}

export function add(g: Graph, a: Node, b: Node): Node {
  return g.node('add', [a, b], NONE);
}

export function mul(g: Graph, a: Node, b: Node): Node {
  return g.node('mul', [a, b], NONE);
}

export function div(g: Graph, a: Node, b: Node): Node {
  return g.node('div', [a, b], NONE);
}

/** x * factor + offset */
export function affine(g: Graph, x: Node, factor: number, offset = 0): Node {
  return g.node('affine', [x], { factor, offset });
}

export function constant(g: Graph, value: number, dims: readonly Dim[] = [], dtype: DType = 'f32'): Node {
  return g.node('constant', [], { value }, dims, dtype);
}

export function sum(g: Graph, terms: readonly Node[]): Node {
  const [first, second] = terms;
  if (first !== undefined && terms.length === 1) return first;
  if (first !== undefined && second !== undefined && terms.length === 2) return add(g, first, second);
  return g.node('add_n', terms, NONE);
}

export function matmul(g: Graph, a: Node, b: Node, transpose_a = false, transpose_b = false): Node {
  return g.node('matmul', [a, b], { transpose_a, transpose_b });
}

export function reshape(g: Graph, x: Node, dims: readonly Dim[]): Node {
  return g.node('reshape', [x], NONE, dims);
}

export function transpose(g: Graph, x: Node, permutation: readonly number[]): Node {
  return g.node('transpose', [x], { permutation });
}

/** Swaps the last two axes. */
export function swapLast(g: Graph, x: Node): Node {
  const axes = x.dims.map((_, axis) => axis);
  const rank = axes.length;
  return transpose(g, x, [...axes.slice(0, rank - 2), rank - 1, rank - 2]);
}

export function slice(g: Graph, x: Node, begin: readonly number[], dims: readonly Dim[]): Node {
  return g.node('slice', [x], { begin }, dims);
}

export function reduceSum(g: Graph, x: Node, axes: readonly number[], keep_dims = false): Node {
  return g.node('reduce_sum', [x], { axes, keep_dims });
}

export function broadcastTo(g: Graph, x: Node, dims: readonly Dim[]): Node {
  return g.node('broadcast_to', [x], NONE, dims);
}

/** Undoes broadcasting: sums x over the axes along which a tensor of shape `dims` was repeated. */
export function sumTo(g: Graph, x: Node, dims: readonly Dim[]): Node {
  if (x.dims === dims) return x;
  const extra = x.dims.length - dims.length;
  const axes: number[] = [];
  let onlyLeading = true;
  for (let axis = 0; axis < x.dims.length; axis++) {
    const kept = axis < extra ? undefined : dims[axis - extra];
    const size = x.dims[axis]?.value;
    if (kept === undefined) axes.push(axis);
    else if (kept.value === 1 && size !== 1) {
      axes.push(axis);
      onlyLeading = false;
    }
  }
  if (axes.length === 0) return x;
  if (onlyLeading) return reduceSum(g, x, axes, false);
  const summed = reduceSum(g, x, axes, true);
  return extra === 0 ? summed : reshape(g, summed, dims);
}
