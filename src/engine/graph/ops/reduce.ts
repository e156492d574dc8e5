import type { Dim } from '../dim.ts';
import { fixed } from '../dim.ts';
import { affine, broadcastTo, div, mul, NONE, reduceSum, reshape } from '../emit.ts';
import type { Node } from '../ir.ts';
import type { OpFamily, ShapeChecks } from './definition.ts';
import { elements } from './definition.ts';

interface Reduction {
  readonly axes: readonly number[];
  readonly keep_dims: boolean;
}

function reduced(
  checks: ShapeChecks,
  inputs: readonly Node[],
  { axes, keep_dims }: Reduction,
): readonly Dim[] {
  const x = inputs[0] ?? checks.malformed('a reduction needs an input');
  let previous = -1;
  for (const axis of axes) {
    if (axis <= previous || axis >= x.dims.length) {
      checks.malformed(`axes [${axes.join(', ')}] of a tensor of rank ${x.dims.length}`);
    }
    previous = axis;
  }
  const dims: Dim[] = [];
  x.dims.forEach((dim, axis) => {
    if (!axes.includes(axis)) dims.push(dim);
    else if (keep_dims) dims.push(fixed(1));
  });
  return dims;
}

/** The reduced shape with the axes that went as 1, so that it broadcasts against the input. */
function keptDims(x: Node, axes: readonly number[]): readonly Dim[] {
  return x.dims.map((dim, axis) => (axes.includes(axis) ? fixed(1) : dim));
}

export const reduceOps: OpFamily<'reduce_sum' | 'reduce_max' | 'sum_squares'> = {
  reduce_sum: {
    infer: reduced,
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy }) => {
      const x = inputs[0] as Node;
      const kept = node.attributes.keep_dims ? dy : reshape(graph, dy, keptDims(x, node.attributes.axes));
      return [broadcastTo(graph, kept, x.dims)];
    },
    flops: (_node, inputs) => elements(inputs[0] as Node),
    inPlace: [],
  },
  reduce_max: {
    infer: reduced,
    dtype: 'f32',
    // Shared evenly among the elements that are equal to the maximum, as PyTorch's amax does.
    gradient: ({ graph, node, inputs, dy }) => {
      const x = inputs[0] as Node;
      const { axes, keep_dims } = node.attributes;
      const shape = keptDims(x, axes);
      const top = keep_dims ? (node as Node) : reshape(graph, node as Node, shape);
      const incoming = keep_dims ? dy : reshape(graph, dy, shape);
      const isTop = affine(graph, graph.node('greater', [top, x], NONE), -1, 1);
      return [mul(graph, isTop, div(graph, incoming, reduceSum(graph, isTop, axes, true)))];
    },
    flops: (_node, inputs) => elements(inputs[0] as Node),
    inPlace: [],
  },
  sum_squares: {
    infer: (checks, inputs) => (inputs.length === 1 ? [] : checks.malformed('sum_squares takes one input')),
    dtype: 'f32',
    gradient: ({ graph, inputs, dy }) => [mul(graph, inputs[0] as Node, affine(graph, dy, 2))],
    flops: (_node, inputs) => 2 * elements(inputs[0] as Node),
    inPlace: [],
  },
};
