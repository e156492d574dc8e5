import type { Dim } from '../dim.ts';
import { affine, constant, div, mul, NONE, sumTo, unary } from '../emit.ts';
import type { ActivationGradOp, BinaryOp, Node, OpName, UnaryOp } from '../ir.ts';
import type { GradientRequest, OpDefinition, OpFamily, ShapeChecks } from './definition.ts';
import { elements, expectInputs } from './definition.ts';

type Unary = UnaryOp | 'affine';

const sameAsFirst = (checks: ShapeChecks, inputs: readonly Node[]): readonly Dim[] =>
  inputs[0]?.dims ?? checks.malformed('an elementwise op needs an input');

/** `cost` is operations per element; `rule` makes dx from x, y and dy. */
function unaryOp<K extends Unary>(
  cost: number,
  rule: ((r: GradientRequest<K>, x: Node, y: Node, dy: Node) => Node | null) | null,
): OpDefinition<K> {
  return {
    infer: sameAsFirst,
    dtype: 'f32',
    gradient:
      rule === null
        ? () => [null]
        : (request) => [rule(request, request.inputs[0] as Node, request.node as Node, request.dy)],
    flops: (node) => cost * elements(node as Node),
    inPlace: [0],
  };
}

/** All inputs of one shape. */
function sameShapes(op: OpName, count: number) {
  return (checks: ShapeChecks, inputs: readonly Node[]): readonly Dim[] => {
    expectInputs(checks, op, inputs, count);
    const first = sameAsFirst(checks, inputs);
    for (const input of inputs) requireSameShape(checks, op, first, input.dims);
    return first;
  };
}

export function requireSameShape(
  checks: ShapeChecks,
  op: OpName,
  a: readonly Dim[],
  b: readonly Dim[],
): void {
  if (a === b) return;
  if (a.length !== b.length) checks.malformed(`${op} of ranks ${a.length} and ${b.length}`);
  for (let i = 0; i < a.length; i++) {
    checks.equal(a[i] as Dim, b[i] as Dim, `${op} takes tensors of one shape`);
  }
}

function activationGrad(op: ActivationGradOp, cost: number): OpDefinition<ActivationGradOp> {
  return {
    infer: sameShapes(op, 2),
    dtype: 'f32',
    gradient: null,
    flops: (node) => cost * elements(node as Node),
    inPlace: [0, 1],
  };
}

/** NumPy's rule: align at the end; a dimension of 1 stretches. */
function broadcast(op: BinaryOp) {
  return (checks: ShapeChecks, inputs: readonly Node[]): readonly Dim[] => {
    expectInputs(checks, op, inputs, 2);
    const [first, second] = inputs as [Node, Node];
    const a = first.dims;
    const b = second.dims;
    if (a === b || b.length === 0) return a;
    if (a.length === 0) return b;
    const longer = a.length >= b.length ? a : b;
    const shorter = a.length >= b.length ? b : a;
    const extra = longer.length - shorter.length;
    let dims: Dim[] | null = null; // most often the longer shape is the answer as it is
    for (let axis = extra; axis < longer.length; axis++) {
      const dim = longer[axis] as Dim;
      const other = shorter[axis - extra] as Dim;
      if (other === dim || other.value === 1 || other.value === dim.value) continue;
      dims ??= [...longer];
      dims[axis] =
        dim.value === 1
          ? other
          : checks.equal(dim, other, `${op} takes tensors whose dimensions are equal or 1`);
    }
    return dims ?? longer;
  };
}

function binaryOp<K extends BinaryOp>(
  op: K,
  rule: ((r: GradientRequest<K>, a: Node, b: Node) => readonly [Node | null, Node | null]) | null,
): OpDefinition<K> {
  return {
    infer: broadcast(op),
    dtype: 'f32',
    gradient: (request) => {
      if (rule === null) return [null, null];
      const [a, b] = request.inputs as [Node, Node];
      const [da, db] = rule(request, a, b);
      return [
        da === null ? null : sumTo(request.graph, da, a.dims),
        db === null ? null : sumTo(request.graph, db, b.dims),
      ];
    },
    flops: (node) => elements(node as Node),
    inPlace: [0, 1],
  };
}

/** 1 where the first input won, else 0. */
function winner(r: GradientRequest<'maximum' | 'minimum'>, a: Node, b: Node, largest: boolean) {
  const g = r.graph;
  const first = g.node('greater', largest ? [a, b] : [b, a], NONE);
  return [
    r.needs(0) ? mul(g, r.dy, first) : null,
    r.needs(1) ? mul(g, r.dy, affine(g, first, -1, 1)) : null,
  ] as const;
}

export const elementwiseOps: OpFamily<Unary | ActivationGradOp | BinaryOp | 'add_n' | 'where'> = {
  neg: unaryOp(1, (r, _x, _y, dy) => unary(r.graph, 'neg', dy)),
  exp: unaryOp(1, (r, _x, y, dy) => mul(r.graph, dy, y)),
  log: unaryOp(1, (r, x, _y, dy) => div(r.graph, dy, x)),
  sqrt: unaryOp(1, (r, _x, y, dy) => div(r.graph, affine(r.graph, dy, 0.5), y)),
  rsqrt: unaryOp(2, (r, x, y, dy) => div(r.graph, mul(r.graph, affine(r.graph, dy, -0.5), y), x)),
  square: unaryOp(1, (r, x, _y, dy) => mul(r.graph, affine(r.graph, dy, 2), x)),
  abs: unaryOp(1, (r, x, _y, dy) => mul(r.graph, dy, unary(r.graph, 'sign', x))),
  sign: unaryOp(1, null),
  is_finite: unaryOp(1, null),
  tanh: unaryOp(1, (r, _x, y, dy) => mul(r.graph, dy, affine(r.graph, unary(r.graph, 'square', y), -1, 1))),
  sigmoid: unaryOp(3, (r, _x, y, dy) => mul(r.graph, dy, mul(r.graph, y, affine(r.graph, y, -1, 1)))),
  relu: unaryOp(1, (r, x, _y, dy) => r.graph.node('relu_grad', [x, dy], NONE)),
  gelu: unaryOp(4, (r, x, _y, dy) => r.graph.node('gelu_grad', [x, dy], NONE)),
  gelu_new: unaryOp(8, (r, x, _y, dy) => r.graph.node('gelu_new_grad', [x, dy], NONE)),
  silu: unaryOp(4, (r, x, _y, dy) => r.graph.node('silu_grad', [x, dy], NONE)),
  affine: unaryOp(2, (r, _x, _y, dy) => affine(r.graph, dy, r.node.attributes.factor)),

  relu_grad: activationGrad('relu_grad', 1),
  gelu_grad: activationGrad('gelu_grad', 9),
  gelu_new_grad: activationGrad('gelu_new_grad', 14),
  silu_grad: activationGrad('silu_grad', 8),

  add: binaryOp('add', (r) => [r.needs(0) ? r.dy : null, r.needs(1) ? r.dy : null]),
  sub: binaryOp('sub', (r) => [r.needs(0) ? r.dy : null, r.needs(1) ? unary(r.graph, 'neg', r.dy) : null]),
  mul: binaryOp('mul', (r, a, b) => [
    r.needs(0) ? mul(r.graph, r.dy, b) : null,
    r.needs(1) ? mul(r.graph, r.dy, a) : null,
  ]),
  div: binaryOp('div', (r, _a, b) => {
    const g = r.graph;
    return [
      r.needs(0) ? div(g, r.dy, b) : null,
      r.needs(1) ? unary(g, 'neg', div(g, mul(g, r.dy, r.node as Node), b)) : null,
    ];
  }),
  maximum: binaryOp('maximum', (r, a, b) => winner(r, a, b, true)),
  minimum: binaryOp('minimum', (r, a, b) => winner(r, a, b, false)),
  greater: binaryOp('greater', null),

  add_n: {
    infer: (checks, inputs) => {
      const first = sameAsFirst(checks, inputs);
      for (const input of inputs) requireSameShape(checks, 'add_n', first, input.dims);
      return first;
    },
    dtype: 'f32',
    gradient: (request) => request.inputs.map((_, i) => (request.needs(i) ? request.dy : null)),
    flops: (node, inputs) => elements(node as Node) * Math.max(0, inputs.length - 1),
    inPlace: [0],
  },
  where: {
    infer: sameShapes('where', 3),
    dtype: 'f32',
    gradient: ({ graph, inputs, dy, needs }) => {
      const condition = inputs[0] as Node;
      const zero = constant(graph, 0, dy.dims);
      return [
        null,
        needs(1) ? graph.node('where', [condition, dy, zero], NONE) : null,
        needs(2) ? graph.node('where', [condition, zero, dy], NONE) : null,
      ];
    },
    flops: (node) => elements(node as Node),
    inPlace: [0, 1, 2],
  },
};
