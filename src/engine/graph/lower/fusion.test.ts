import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { GraphBuilder } from '../builder.ts';
import { fixed } from '../dim.ts';
import { add, constant, matmul, mul, NONE, reduceSum, reshape, slice, unary } from '../emit.ts';
import type { Node, Program, StateSpec } from '../ir.ts';
import { simplify } from '../simplify.ts';
import type { KernelCall, KernelPlan } from './kernel-plan.ts';
import { lower } from './lower.ts';
import { expectAgreement } from './testing/agree.ts';
import { randomLayers } from './testing/random-layers.ts';

const [N, C, F] = [fixed(5), fixed(4), fixed(6)];

/** Lowers what `build` returns, holds it to reference on random numbers, and returns the plan. */
function fused(build: (g: GraphBuilder) => Parameters<GraphBuilder['program']>[1]): KernelPlan {
  const g = new GraphBuilder();
  const program = simplify(g.program('test', build(g)));
  const plan = lower(program);
  agree(program, plan, g.states);
  return plan;
}

function agree(program: Program, plan: KernelPlan, states: readonly StateSpec[]): void {
  const random = new Random(11);
  const draw = (shape: readonly number[]) =>
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const feeds: Record<string, ArrayLike<number>> = {};
  for (const [name, id] of Object.entries(program.inputs)) {
    const node = program.nodes[id] as Node;
    feeds[name] =
      node.dtype === 'i32' ? draw(node.shape).map((x) => Math.floor(Math.abs(x))) : draw(node.shape);
  }
  const used = states.filter(({ name }) => name in program.state);
  expectAgreement(
    program,
    plan,
    feeds,
    Object.fromEntries(used.map(({ name, shape }) => [name, draw(shape)])),
  );
}

function kernels({ calls }: KernelPlan): readonly string[] {
  return calls.map((call) => call.kernel);
}

function steps(call: KernelCall | undefined): readonly string[] {
  const expression =
    call?.kernel === 'elementwise'
      ? call.attributes.expression
      : call?.kernel === 'matmul'
        ? call.attributes.epilogue
        : null;
  return (expression?.steps ?? []).map((step) => step.op);
}

test('networks of random layers and their gradients compute the same, and take no more memory', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { program, feeds, state } = randomLayers(seed);
      expectAgreement(program, lower(program), feeds, state, `seed ${seed}`);
      expectAgreement(program, lower(program, { fuse: false }), feeds, state, `unfused, seed ${seed}`);
    }),
    { numRuns: 300 },
  );
});

test('a chain of steps over one shape is one call, whatever is broadcast', () => {
  const plan = fused((g) => {
    const [x, y] = [g.input('x', [N, C], 'f32'), g.input('y', [C], 'f32')];
    const scaled = mul(g, add(g, x, y), constant(g, 2, [N, C]));
    const both = unary(g, 'tanh', scaled);
    return { outputs: { scaled, last: mul(g, both, g.input('z', [], 'f32')) } };
  });
  expect(kernels(plan)).toEqual(['elementwise']);
  expect(steps(plan.calls[0])).toEqual(['add', 'constant', 'mul', 'tanh', 'mul']);
  expect(plan.calls[0]?.outputs).toHaveLength(2);
});

test('bias, activation and residual are the epilogue of a product; what the backward pass reads is stored', () => {
  const plan = fused((g) => {
    const x = g.input('x', [N, C], 'f32');
    const h = add(g, matmul(g, x, g.state('w', [C, F], 'parameter')), g.state('b', [F], 'parameter'));
    const active = unary(g, 'gelu', h);
    const out = add(g, x, matmul(g, active, g.state('v', [F, C], 'parameter')));
    return { outputs: { out, h } };
  });
  expect(kernels(plan)).toEqual(['matmul', 'matmul']);
  expect(steps(plan.calls[0])).toEqual(['add', 'gelu']);
  expect(plan.calls[0]?.outputs).toHaveLength(2);
  expect(steps(plan.calls[1])).toEqual(['add']);
});

test('the gradient of an activation is the epilogue of the product before it, a bias gradient comes with the next', () => {
  const plan = fused((g) => {
    const [dy, h, x] = [
      g.input('dy', [N, C], 'f32'),
      g.input('h', [N, F], 'f32'),
      g.input('x', [N, C], 'f32'),
    ];
    const dh = g.node('gelu_grad', [h, matmul(g, dy, g.state('v', [F, C], 'parameter'), false, true)], NONE);
    const bias = reduceSum(g, dh, [0]);
    const weight = matmul(g, x, dh, true, false);
    const linear = matmul(g, dh, x, true, false);
    return { outputs: { bias, weight, linear } };
  });
  expect(kernels(plan)).toEqual(['matmul', 'matmul', 'matmul']);
  expect(steps(plan.calls[0])).toEqual(['gelu_grad']);
  const sums = plan.calls.map((call) => (call.kernel === 'matmul' ? call.attributes.sums : null));
  expect(sums.filter((of) => of !== null)).toHaveLength(1);
});

/** Two products with an activation between them, and the gradient of what goes into it. */
function activated(
  op: 'gelu' | 'silu',
  more: (g: GraphBuilder, h: Node) => Record<string, Node>,
): KernelPlan {
  return fused((g) => {
    const h = matmul(g, g.input('x', [N, C], 'f32'), g.state('w', [C, F], 'parameter'));
    const v = g.state('v', [F, C], 'parameter');
    const out = matmul(g, unary(g, op, h), v);
    const dh = g.node(`${op}_grad`, [h, matmul(g, out, v, false, true)], NONE);
    return { outputs: { out, dh: matmul(g, dh, v), ...more(g, h) } };
  });
}

test('where only its gradient reads what went into an activation, the slope is kept instead', () => {
  for (const op of ['gelu', 'silu'] as const) {
    const plan = activated(op, () => ({}));
    expect(plan.calls.map(steps)).toEqual([[op, `${op}_slope`], [], ['mul'], []]);
    const kept = activated(op, (_, h) => ({ h }));
    expect(kept.calls.map(steps)).toEqual([[op], [], [`${op}_grad`], []]);
    const readByMore = activated(op, (g, h) => ({ sum: reduceSum(g, h, [0]) }));
    expect(readByMore.calls.flatMap(steps)).toEqual([op, `${op}_grad`]);
  }
});

test('a gradient is added to its accumulator by the product that makes it, in place', () => {
  const plan = fused((g) => {
    const [x, dy] = [g.input('x', [N, C], 'f32'), g.input('dy', [N, F], 'f32')];
    const sum = add(g, g.state('sum', [C, F], 'gradient'), matmul(g, x, dy, true, false));
    return { outputs: {}, updates: { sum } };
  });
  expect(kernels(plan)).toEqual(['matmul']);
  expect(plan.tensors[plan.calls[0]?.outputs[0] as number]?.place).toEqual({ in: 'state', name: 'sum' });
});

test('the gradients of a norm and the residual sum are one call', () => {
  for (const op of ['layer_norm', 'rms_norm'] as const) {
    const plan = fused((g) => {
      const [x, dy, past] = ['x', 'dy', 'past'].map((name) => g.input(name, [N, C], 'f32')) as [
        Node,
        Node,
        Node,
      ];
      const attributes = { epsilon: 1e-5 };
      const weight = g.state('w', [C], 'parameter');
      const dx = add(g, past, g.node(`${op}_grad_x`, [x, weight, dy], attributes));
      const dweight = g.node(`${op}_grad_weight`, [x, dy], attributes);
      const dbias = op === 'layer_norm' ? { dbias: reduceSum(g, dy, [0]) } : {};
      return { outputs: { dx, dweight, ...dbias } };
    });
    expect(kernels(plan)).toEqual([`${op}_grad`]);
    expect(plan.calls[0]?.inputs).toHaveLength(4);
  }
});

test('the loss and the gradient of its logits are one call, which writes over the logits', () => {
  const plan = fused((g) => {
    const logits = matmul(g, g.input('x', [N, C], 'f32'), g.state('w', [C, F], 'parameter'));
    const labels = g.input('labels', [N], 'i32');
    const losses = g.node('cross_entropy', [logits, labels], { ignore_index: -100 });
    const loss = mul(g, reduceSum(g, losses, [0]), g.input('scale', [], 'f32'));
    const ones = g.node(
      'broadcast_to',
      [reshape(g, mul(g, constant(g, 1), g.input('scale', [], 'f32')), [fixed(1)])],
      NONE,
      [N],
    );
    const dlogits = g.node('cross_entropy_grad', [logits, labels, ones], { ignore_index: -100 });
    return { outputs: { loss, dx: matmul(g, dlogits, g.state('w', [C, F], 'parameter'), false, true) } };
  });
  expect(kernels(plan)).toEqual(['matmul', 'cross_entropy', 'reduce_sum', 'elementwise', 'matmul']);
  const call = plan.calls[1];
  const place = (id: number | null | undefined) => plan.tensors[id ?? -1]?.place;
  expect(place(call?.outputs[1])).toEqual(place(call?.inputs[0]));
});

test('dropout masks are made where they are used and are never in memory', () => {
  const plan = fused((g) => {
    const [x, y] = [g.input('x', [N, C], 'f32'), g.input('y', [N, C], 'f32')];
    const mask = g.node('dropout_mask', [g.input('seed', [], 'i32')], { rate: 0.4, stream: 1 }, [N, C]);
    const a = mul(g, g.node('softmax', [x], NONE), mask);
    return { outputs: { a, b: mul(g, g.node('softmax', [y], NONE), mask) } };
  });
  expect(kernels(plan).filter((kernel) => kernel === 'elementwise')).toHaveLength(2);
  expect(plan.calls.flatMap(steps).filter((op) => op === 'dropout_mask')).toHaveLength(2);
});

test('columns are written where they are joined and read where they are cut', () => {
  const plan = fused((g) => {
    const x = g.input('x', [N, C], 'f32');
    const parts = ['q', 'k'].map((name) => matmul(g, x, g.state(name, [C, F], 'parameter')));
    const joined = g.node('softmax', [g.node('concat', parts, { axis: 1 })], NONE);
    const cut = slice(g, joined, [0, 6], [N, F]);
    return { outputs: { y: matmul(g, cut, g.state('k', [C, F], 'parameter'), false, true), joined } };
  });
  expect(kernels(plan)).toEqual(['matmul', 'matmul', 'softmax', 'matmul']);
  expect(plan.tensors[plan.calls[1]?.outputs[0] as number]?.row_stride).toBe(12);
  expect(plan.tensors[plan.calls[3]?.inputs[0] as number]?.row_stride).toBe(12);
});

test('a step is not computed early where its result would lie about for long', () => {
  const plan = fused((g) => {
    const w = g.state('w', [C, C], 'parameter');
    const h = matmul(g, g.input('x', [N, C], 'f32'), w);
    const later = matmul(g, matmul(g, h, w), w);
    const square = unary(g, 'square', h);
    return { outputs: { y: matmul(g, later, square, true, false), h } };
  });
  expect(steps(plan.calls[0])).toEqual([]);
  expect(kernels(plan)).toEqual(['matmul', 'matmul', 'matmul', 'elementwise', 'matmul']);
});
