import type { Dim } from '../dim.ts';
import { fixed } from '../dim.ts';
import { sumTo } from '../emit.ts';
import type { Node, OpName } from '../ir.ts';
import type { OpDefinition, OpFamily, ShapeChecks } from './definition.ts';
import { elements, expectInputs, lastDim } from './definition.ts';
import { requireSameShape } from './elementwise.ts';

type Norm = 'layer_norm' | 'rms_norm';
type NormGradX = 'layer_norm_grad_x' | 'rms_norm_grad_x';
type NormGradWeight = 'layer_norm_grad_weight' | 'rms_norm_grad_weight';
type Neural =
  | 'embedding'
  | 'embedding_grad'
  | Norm
  | NormGradX
  | NormGradWeight
  | 'softmax'
  | 'causal_softmax'
  | 'softmax_grad'
  | 'cross_entropy'
  | 'cross_entropy_grad'
  | 'rotary'
  | 'cache_write';

function vectors(checks: ShapeChecks, op: OpName, x: Node, weights: readonly Node[]): void {
  const width = lastDim(checks, x);
  for (const weight of weights) {
    if (weight.dims.length !== 1) checks.malformed(`${op} takes vectors as weight and bias`);
    checks.equal(width, weight.dims[0] as Dim, `${op} has one weight for each feature`);
  }
}

function normGradX(op: NormGradX, cost: number): OpDefinition<NormGradX> {
  return {
    infer: (checks, inputs) => {
      expectInputs(checks, op, inputs, 3);
      const [x, weight, dy] = inputs as [Node, Node, Node];
      vectors(checks, op, x, [weight]);
      requireSameShape(checks, op, x.dims, dy.dims);
      return x.dims;
    },
    dtype: 'f32',
    gradient: null,
    flops: (node) => cost * elements(node as Node),
    inPlace: [],
  };
}

function normGradWeight(op: NormGradWeight, cost: number): OpDefinition<NormGradWeight> {
  return {
    infer: (checks, inputs) => {
      expectInputs(checks, op, inputs, 2);
      const [x, dy] = inputs as [Node, Node];
      requireSameShape(checks, op, x.dims, dy.dims);
      return [lastDim(checks, x)];
    },
    dtype: 'f32',
    gradient: null,
    flops: (_node, inputs) => cost * elements(inputs[0] as Node),
    inPlace: [],
  };
}

function ids(checks: ShapeChecks, op: OpName, node: Node): void {
  if (node.dtype !== 'i32') checks.malformed(`${op} takes whole numbers, not ${node.dtype}`);
}

function logitsAndLabels(checks: ShapeChecks, op: OpName, inputs: readonly Node[]): readonly [Node, Dim] {
  const [logits, labels] = inputs as [Node, Node];
  const rows = logits.dims[0];
  if (logits.dims.length !== 2 || labels.dims.length !== 1 || rows === undefined) {
    return checks.malformed(`${op} takes logits [N, V] and labels [N]`);
  }
  ids(checks, op, labels);
  checks.equal(rows, labels.dims[0] as Dim, 'each row of logits has one label');
  return [logits, rows];
}

export const neuralOps: OpFamily<Neural> = {
  embedding: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'embedding', inputs, 2);
      const [table, indices] = inputs as [Node, Node];
      if (table.dims.length !== 2) checks.malformed('embedding takes a table of rank 2');
      ids(checks, 'embedding', indices);
      return [...indices.dims, table.dims[1] as Dim];
    },
    dtype: 'f32',
    gradient: ({ graph, inputs, dy }) => {
      const [table, indices] = inputs as [Node, Node];
      const rows = table.shape[0] ?? 0;
      return [graph.node('embedding_grad', [dy, indices], { rows }, table.dims), null];
    },
    flops: () => 0,
    inPlace: [],
  },
  embedding_grad: {
    infer: (checks, inputs, { rows }, target) => {
      expectInputs(checks, 'embedding_grad', inputs, 2);
      const [dy, indices] = inputs as [Node, Node];
      ids(checks, 'embedding_grad', indices);
      return target ?? [fixed(rows), lastDim(checks, dy)];
    },
    dtype: 'f32',
    gradient: null,
    flops: (_node, inputs) => elements(inputs[0] as Node),
    inPlace: [],
  },
  layer_norm: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'layer_norm', inputs, 3);
      const [x, weight, bias] = inputs as [Node, Node, Node];
      vectors(checks, 'layer_norm', x, [weight, bias]);
      return x.dims;
    },
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy, needs }) => {
      const [x, weight, bias] = inputs as [Node, Node, Node];
      const { epsilon } = node.attributes;
      return [
        needs(0) ? graph.node('layer_norm_grad_x', [x, weight, dy], { epsilon }) : null,
        needs(1) ? graph.node('layer_norm_grad_weight', [x, dy], { epsilon }) : null,
        needs(2) ? sumTo(graph, dy, bias.dims) : null,
      ];
    },
    flops: (node) => 8 * elements(node as Node),
    inPlace: [],
  },
  layer_norm_grad_x: normGradX('layer_norm_grad_x', 16) as OpDefinition<'layer_norm_grad_x'>,
  layer_norm_grad_weight: normGradWeight(
    'layer_norm_grad_weight',
    9,
  ) as OpDefinition<'layer_norm_grad_weight'>,
  rms_norm: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'rms_norm', inputs, 2);
      const [x, weight] = inputs as [Node, Node];
      vectors(checks, 'rms_norm', x, [weight]);
      return x.dims;
    },
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy, needs }) => {
      const [x, weight] = inputs as [Node, Node];
      const { epsilon } = node.attributes;
      return [
        needs(0) ? graph.node('rms_norm_grad_x', [x, weight, dy], { epsilon }) : null,
        needs(1) ? graph.node('rms_norm_grad_weight', [x, dy], { epsilon }) : null,
      ];
    },
    flops: (node) => 4 * elements(node as Node),
    inPlace: [],
  },
  rms_norm_grad_x: normGradX('rms_norm_grad_x', 10) as OpDefinition<'rms_norm_grad_x'>,
  rms_norm_grad_weight: normGradWeight('rms_norm_grad_weight', 5) as OpDefinition<'rms_norm_grad_weight'>,
  softmax: {
    infer: (checks, inputs) => {
      lastDim(checks, inputs[0]);
      return (inputs[0] as Node).dims;
    },
    dtype: 'f32',
    gradient: ({ graph, node, dy }) => [graph.node('softmax_grad', [node as Node, dy], { scale: 1 })],
    flops: (node) => 5 * elements(node as Node),
    inPlace: [0],
  },
  causal_softmax: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'causal_softmax', inputs, 2);
      const [scores, offset] = inputs as [Node, Node];
      if (scores.dims.length < 2) checks.malformed('causal_softmax takes scores [..., Tq, Tk]');
      if (offset.dims.length !== 0) checks.malformed('causal_softmax takes one offset');
      ids(checks, 'causal_softmax', offset);
      return scores.dims;
    },
    dtype: 'f32',
    gradient: ({ graph, node, dy }) => [
      graph.node('softmax_grad', [node as Node, dy], { scale: node.attributes.scale }),
      null,
    ],
    flops: (node) => 6 * elements(node as Node),
    inPlace: [0],
  },
  softmax_grad: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'softmax_grad', inputs, 2);
      const [y, dy] = inputs as [Node, Node];
      requireSameShape(checks, 'softmax_grad', y.dims, dy.dims);
      return y.dims;
    },
    dtype: 'f32',
    gradient: null,
    flops: (node) => 5 * elements(node as Node),
    inPlace: [0, 1],
  },
  cross_entropy: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'cross_entropy', inputs, 2);
      return [logitsAndLabels(checks, 'cross_entropy', inputs)[1]];
    },
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy }) => {
      const [logits, labels] = inputs as [Node, Node];
      const { ignore_index } = node.attributes;
      return [graph.node('cross_entropy_grad', [logits, labels, dy], { ignore_index }), null];
    },
    flops: (_node, inputs) => 4 * elements(inputs[0] as Node),
    inPlace: [],
  },
  cross_entropy_grad: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'cross_entropy_grad', inputs, 3);
      return logitsAndLabels(checks, 'cross_entropy_grad', inputs)[0].dims;
    },
    dtype: 'f32',
    gradient: null,
    flops: (node) => 5 * elements(node as Node),
    inPlace: [0],
  },
  rotary: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'rotary', inputs, 2);
      const [x, positions] = inputs as [Node, Node];
      if (x.dims.length < 2 || positions.dims.length !== 1) {
        checks.malformed('rotary takes x [..., T, D] and positions [T]');
      }
      ids(checks, 'rotary', positions);
      checks.equal(x.dims[x.dims.length - 2] as Dim, positions.dims[0] as Dim, 'each row has one position');
      return x.dims;
    },
    dtype: 'f32',
    gradient: ({ graph, node, inputs, dy }) => {
      const { theta, inverse } = node.attributes;
      return [graph.node('rotary', [dy, inputs[1] as Node], { theta, inverse: !inverse }), null];
    },
    flops: (node) => 3 * elements(node as Node),
    inPlace: [],
  },
  cache_write: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'cache_write', inputs, 3);
      const [cache, rows, position] = inputs as [Node, Node, Node];
      const rank = cache.dims.length;
      if (rank < 2 || rows.dims.length !== rank)
        checks.malformed('cache_write takes a cache and rows of one rank');
      if (position.dims.length !== 0) checks.malformed('cache_write takes one position');
      ids(checks, 'cache_write', position);
      rows.dims.forEach((dim, axis) => {
        const whole = cache.dims[axis] as Dim;
        if (axis === rank - 2) checks.atMost(dim, whole, 'what is written at once fits the cache');
        else checks.equal(whole, dim, 'rows are as wide as the cache');
      });
      return cache.dims;
    },
    dtype: 'f32',
    gradient: null,
    flops: () => 0,
    inPlace: [0],
  },
};
