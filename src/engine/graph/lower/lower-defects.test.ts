import { expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import { buildUpdate } from '../../optimizers/update.ts';
import { GraphBuilder } from '../builder.ts';
import { fixed } from '../dim.ts';
import { matmul, NONE, reduceSum, reshape, slice, unary } from '../emit.ts';
import type { Node } from '../ir.ts';
import { runner64 } from '../testing/run64.ts';
import { lower } from './lower.ts';
import { stateLayout } from './state-layout.ts';
import { expectAgreement } from './testing/agree.ts';
import { runPlan } from './testing/run-plan.ts';

/** Programs that were once lowered to something else than they say. */
const PROGRAMS: Readonly<Record<string, (g: GraphBuilder) => Node>> = {
  'a value joined with what is made of it in the same call': (g) => {
    const x = unary(g, 'exp', input(g, 'x', [2, 3]));
    return g.node('concat', [unary(g, 'tanh', x), x], { axis: 0 });
  },
  'a product joined with another, and read by its own epilogue': (g) => {
    const p = matmul(g, input(g, 'a', [2, 3]), input(g, 'b', [3, 3]));
    const q = unary(g, 'tanh', p);
    return g.node(
      'add',
      [g.node('concat', [p, input(g, 'x', [2, 3])], { axis: 0 }), g.node('concat', [q, q], { axis: 0 })],
      NONE,
    );
  },
  'a value joined with a part of itself': (g) => {
    const x = unary(g, 'exp', input(g, 'x', [2, 2]));
    const part = slice(g, x, [1, 0], [fixed(1), fixed(2)]);
    return g.node('concat', [x, input(g, 'y', [2, 2]), part], { axis: 0 });
  },
  'sums of what is multiplied by them': (g) => {
    const x = input(g, 'x', [3, 3]);
    return matmul(g, reshape(g, reduceSum(g, x, [0]), [fixed(1), fixed(3)]), x);
  },
  'sums of a gradient in rows of another width than its norm has': (g) => {
    const [x, dy] = [input(g, 'x', [4, 6]), input(g, 'dy', [4, 6])];
    const weight = input(g, 'weight', [6]);
    const dx = g.node('layer_norm_grad_x', [x, weight, dy], { epsilon: 1e-5 });
    const sums = reduceSum(g, reshape(g, dy, [fixed(2), fixed(12)]), [0]);
    return g.node('add', [reshape(g, dx, [fixed(2), fixed(12)]), sums], NONE);
  },
};

/** So were these, with weights that lie side by side. */
const STACKS: Readonly<Record<string, (g: GraphBuilder) => Node>> = {
  'columns times neighbouring weights, where the columns are also a piece of something larger': (g) => {
    const y = unary(g, 'tanh', input(g, 'y', [5, 48]));
    const products = ['a', 'b', 'c'].map((name, i) =>
      matmul(g, columns(g, y, 16 * i, 16), weight(g, name, [16, 4])),
    );
    const sum = g.node('add_n', products, NONE);
    const whole = g.node('concat', [input(g, 'z', [2, 48]), y], { axis: 0 });
    return g.node('add', [sum, reduceSum(g, whole, [0, 1])], NONE);
  },
  'neighbouring weights in another shape than they are kept in': (g) => {
    const x = input(g, 'x', [5, 4]);
    const products = ['a', 'b'].map((name) =>
      matmul(g, x, reshape(g, weight(g, name, [4, 16]), [fixed(16), fixed(4)]), false, true),
    );
    return g.node('concat', products, { axis: 1 });
  },
  'a sum of products of which one is repeated along the row': (g) => {
    const y = input(g, 'y', [5, 128]);
    const narrow = matmul(g, columns(g, y, 0, 64), weight(g, 'a', [64, 1]));
    return g.node('add', [narrow, matmul(g, columns(g, y, 64, 64), weight(g, 'b', [64, 3]))], NONE);
  },
};

for (const [name, build] of Object.entries(STACKS)) {
  test(name, () => {
    const g = new GraphBuilder();
    const program = g.program('stack', { outputs: { y: build(g) } });
    const random = new Random(7);
    const drawn = (names: Readonly<Record<string, number>>) =>
      Object.fromEntries(
        Object.entries(names).map(([key, id]) => {
          const size = (program.nodes[id] as Node).shape.reduce((a, b) => a * b, 1);
          return [key, Array.from({ length: size }, () => random.normal())];
        }),
      );
    const plan = lower(program, { layout: stateLayout(g.states) });
    expectAgreement(program, plan, drawn(program.inputs), drawn(program.state), name);
  });
}

for (const [name, build] of Object.entries(PROGRAMS)) {
  test(name, () => {
    const g = new GraphBuilder();
    const program = g.program('defect', { outputs: { y: build(g) } });
    const random = new Random(7);
    const feeds: Record<string, number[]> = {};
    for (const [key, id] of Object.entries(program.inputs)) {
      const size = (program.nodes[id] as Node).shape.reduce((a, b) => a * b, 1);
      feeds[key] = Array.from({ length: size }, () => random.normal());
    }
    const wanted = runner64(program)(feeds).outputs.y ?? [];
    const found = runPlan(lower(program), feeds).outputs.y ?? [];
    expect(found).toHaveLength(wanted.length);
    for (let i = 0; i < wanted.length; i++) expect(found[i]).toBeCloseTo(wanted[i] as number, 10);
  });
}

test('who reads a parameter as it was comes before the call that writes over it', () => {
  const g = new GraphBuilder();
  const shape = [fixed(4), fixed(8)];
  const config = adamW({ max_grad_norm: 0 });
  const parameters = ['a', 'b'].map((name) => ({
    ...{ name, role: 'matrix' as const, dims: shape },
    init: { type: 'zeros' as const },
  }));
  const [a] = parameters.map(({ name }) => g.state(name, shape, 'parameter')) as [Node];
  const sign = unary(g, 'exp', a); // read before the update ...
  const squares = unary(g, 'sum_squares', a);
  const gradients = parameters.map(({ name }) => input(g, `d.${name}`, [4, 8]));
  const { updates } = buildUpdate(g, config, parameters, gradients);
  const late = unary(g, 'tanh', matmul(g, input(g, 'x', [4, 8]), input(g, 'w', [8, 8])));
  const more = unary(g, 'sum_squares', late);
  const outputs = { moved: g.node('add', [sign, late], NONE), norm: g.node('add', [squares, more], NONE) }; // ... and used after it
  const program = g.program('defect', { outputs, updates });
  expect(lower(program).calls.filter(({ kernel }) => kernel === 'adamw')).toHaveLength(1);
  const random = new Random(7);
  const draw = (size: number) => Array.from({ length: size }, () => random.normal());
  const feeds = Object.fromEntries(
    Object.entries(program.inputs).map(([name, id]) => {
      const size = (program.nodes[id] as Node).shape.reduce((x, y) => x * y, 1);
      return [name, size === 1 ? [0.5] : draw(size)];
    }),
  );
  const state = Object.fromEntries(
    g.states.map(({ name }) => [name, draw(32).map((x) => (name.startsWith('adam.v') ? x * x : x))]),
  );
  expectAgreement(program, lower(program), feeds, state, 'fused');
});

test('a parameter that is the gradient of another is not written over by the call that reads it', () => {
  const g = new GraphBuilder();
  const dims = [fixed(4), fixed(8)];
  const parameters = ['a', 'b'].map((name) => ({
    ...{ name, role: 'matrix' as const, dims },
    init: { type: 'zeros' as const },
  }));
  const [a, b] = parameters.map(({ name }) => g.state(name, dims, 'parameter')) as [Node, Node];
  const { updates } = buildUpdate(g, adamW({ max_grad_norm: 0 }), parameters, [b, a]);
  const program = g.program('crossed', { outputs: {}, updates });
  const feeds = Object.fromEntries(Object.keys(program.inputs).map((name) => [name, [0.5]]));
  const random = new Random(7);
  const state = Object.fromEntries(
    g.states.map(({ name }) => [name, Array.from({ length: 32 }, () => random.uniform() + 0.1)]),
  );
  expectAgreement(program, lower(program), feeds, state, 'crossed');
});

test('the sums of an operand never lie over what the epilogue reads', () => {
  const g = new GraphBuilder();
  const [a, d] = [input(g, 'a', [40, 16]), input(g, 'd', [40, 16])];
  const row = unary(g, 'exp', input(g, 'row', [16]));
  const columns = reduceSum(g, d, [0]);
  const y = g.node('add', [matmul(g, a, d, true), row], NONE);
  const program = g.program('sums', { outputs: { y, columns } });
  const plan = lower(program);
  const call = plan.calls.find(({ kernel }) => kernel === 'matmul');
  const places = (ids: readonly (number | null)[] = []) =>
    ids.map((id) => JSON.stringify(plan.tensors[id as number]?.place));
  const sums = places(call?.outputs.slice(-1));
  expect(call?.outputs).toHaveLength(2);
  expect(places(call?.inputs)).not.toContain(sums[0]);
});

function columns(g: GraphBuilder, of: Node, from: number, count: number): Node {
  return slice(g, of, [0, from], [fixed(of.shape[0] as number), fixed(count)]);
}

function weight(g: GraphBuilder, name: string, shape: readonly number[]): Node {
  return g.state(name, shape.map(fixed), 'parameter');
}

function input(g: GraphBuilder, name: string, shape: readonly number[]): Node {
  return g.input(name, shape.map(fixed), 'f32');
}
