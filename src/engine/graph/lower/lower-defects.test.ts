import { expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { GraphBuilder } from '../builder.ts';
import { fixed } from '../dim.ts';
import { matmul, NONE, reduceSum, reshape, unary } from '../emit.ts';
import type { Node } from '../ir.ts';
import { runner64 } from '../testing/run64.ts';
import { lower } from './lower.ts';
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

function input(g: GraphBuilder, name: string, shape: readonly number[]): Node {
  return g.input(name, shape.map(fixed), 'f32');
}
